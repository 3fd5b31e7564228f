import { mount } from 'svelte';

import { takeToken } from './api/token';
import './app.css';
import App from './components/App.svelte';

const target = document.getElementById('app');
if (target === null) throw new Error('the page has no element #app');

const props = { base: document.baseURI, token: takeToken(window) };
// In a task of its own: reading the script was one already.
setTimeout(() => mount(App, { target, props }));
