import { mount } from 'svelte';

import { takeToken } from './api/token';
import './app.css';
import App from './components/App.svelte';

const target = document.getElementById('app');
if (target === null) throw new Error('the page has no element #app');

mount(App, { target, props: { base: document.baseURI, token: takeToken(window) } });
