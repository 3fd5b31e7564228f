import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import { defineConfig, globalIgnores } from 'eslint/config';
import ts from 'typescript-eslint';

import svelteConfig from './svelte.config.js';

/** The layers of src/, uppermost first: each may import only from itself and from those after it. */
const LAYERS = ['components', 'state', 'frames', 'render', 'interaction', 'api', 'dicom'];

/** The lowest layer that knows Svelte. */
const LOWEST_SVELTE_LAYER = 'state';

const layerRules = LAYERS.map((layer, depth) => {
  const above = LAYERS.slice(0, depth);
  const patterns = [];
  if (above.length > 0) {
    patterns.push({
      regex: `^(\\.{1,2}/)+(${above.join('|')})/`,
      message: `${layer}/ lies below ${above.join('/, ')}/ and must not know them.`,
    });
  }
  if (depth > LAYERS.indexOf(LOWEST_SVELTE_LAYER)) {
    patterns.push({ regex: '^svelte(/|$)', message: `${layer}/ is free of Svelte.` });
  }
  return {
    files: [`src/${layer}/**`],
    rules: { 'no-restricted-imports': ['error', { patterns }] },
  };
});

export default defineConfig(
  globalIgnores(['node_modules/', 'src/api/types.gen.ts']),
  js.configs.recommended,
  ts.configs.recommendedTypeChecked,
  svelte.configs.recommended,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.js'] },
        extraFileExtensions: ['.svelte'],
      },
    },
    rules: {
      // TypeScript knows the globals.
      'no-undef': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      'svelte/no-at-html-tags': 'error',
      'svelte/require-each-key': 'error',
      'svelte/button-has-type': 'error',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
  },
  {
    files: ['**/*.svelte'],
    rules: {
      // ESLint does not see the types of snippet parameters and generic components; svelte-check does.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    files: ['**/*.svelte.ts'],
    // Private books and derived lookups are plain on purpose: nothing watches their entries.
    rules: { 'svelte/prefer-svelte-reactivity': 'off' },
  },
  { files: ['**/*.js'], extends: [ts.configs.disableTypeChecked] },
  layerRules,
);
