// A page with the hooks, under StrictMode. A test runs it in a browser.

import { hydrateRoot } from 'react-dom/client';
import { configure, subscribe } from '@insession/client';
import { App } from './components.js';

const root = document.getElementById('root');
const { endpoint, token, session } = root.dataset;
configure({ endpoint, token: () => token });

window.seats = [];
window.unsubscribe = subscribe(
  'subscription($activityKey: String!) { presenceChanged(activityKey: $activityKey) { occupancy } }',
  { activityKey: 'interview' },
  ({ occupancy }) => window.seats.push(occupancy),
);
window.app = hydrateRoot(root, <App session={session} />, {
  onRecoverableError: (error) => console.error(error),
});
