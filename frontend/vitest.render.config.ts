import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';

/** The renderer in a real Chromium: WebGL2 against the CPU, pixel by pixel. */
export default defineConfig({
  test: {
    include: ['src/**/*.browser.test.ts'],
    // Ends a hang, no more.
    testTimeout: 30_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: {
          executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
          chromiumSandbox: false,
        },
      }),
      instances: [{ browser: 'chromium' }],
    },
  },
});
