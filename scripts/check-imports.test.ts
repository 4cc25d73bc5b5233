import { describe, expect, it } from 'vitest';
import { importsOf } from './source-files.ts';

describe('Imports of a file', () => {
  it('are found in every form, types and lazy ones too, and not in comments or texts', () => {
    const text = [
      "import { a } from './a.ts';",
      "import type { B } from '@x/b';",
      "import {\n  c,\n  d,\n} from 'node:c';",
      "export * from './e.ts';",
      "import './styles.css';",
      "const f = () => import('./f.ts');",
      "// import { no } from 'no';",
      "/* import 'no'; */",
      "const text = 'import from nowhere';",
      "export const g = 'from';",
    ].join('\n');
    expect(importsOf(text)).toEqual([
      { specifier: './a.ts', isLazy: false },
      { specifier: '@x/b', isLazy: false },
      { specifier: 'node:c', isLazy: false },
      { specifier: './e.ts', isLazy: false },
      { specifier: './styles.css', isLazy: false },
      { specifier: './f.ts', isLazy: true },
    ]);
  });
});
