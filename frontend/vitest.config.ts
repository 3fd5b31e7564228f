import { defineConfig, mergeConfig } from 'vitest/config';

import viteConfig from './vite.config.ts';

export default mergeConfig(
  viteConfig,
  defineConfig({
    // The browser build of Svelte, not the one for servers.
    resolve: { conditions: ['browser'] },
    test: {
      include: ['src/**/*.test.ts'],
      exclude: ['src/**/*.browser.test.ts'],
      // Started in half the time of processes.
      pool: 'threads',
      // Ends a hang, no more.
      testTimeout: 30_000,
    },
  }),
);
