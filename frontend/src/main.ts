import { mount } from 'svelte';

import { takeToken } from './api/token';
import './app.css';
import App from './components/App.svelte';
import { readAddress } from './state/panes/address';
import { Session } from './state/session';

const target = document.getElementById('app');
if (target === null) throw new Error('the page has no element #app');

// What the server has to say is on its way while the page is put up.
const session = new Session({ base: document.baseURI, token: takeToken(window) });
void session.start(readAddress(window.location.hash));
// In a task of its own: reading the script was one already.
setTimeout(() => mount(App, { target, props: { session } }));
