import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const themes = ['light', 'dark'] as const;
const sizes = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
] as const;

/**
 * What axe finds on the page that is open, and what does not fit its width, in both themes, wide and narrow; empty where
 * nothing is wrong. The page is loaded anew each time and `prepare` brings it to where it is looked at.
 */
export async function pageFlaws(page: Page, prepare: () => Promise<void>): Promise<string[]> {
  const flaws: string[] = [];
  for (const theme of themes) {
    await page.evaluate((name) => localStorage.setItem('wk-theme', name), theme);
    for (const size of sizes) {
      await page.setViewportSize(size);
      await page.reload();
      await prepare();
      await page.evaluate(axe);
      const found = await page.evaluate(async () => {
        const { axe: library } = globalThis as unknown as {
          axe: { run(options: object): Promise<{ violations: { id: string; nodes: { target: string[] }[] }[] }> };
        };
        const result = await library.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] });
        return result.violations.map(({ id, nodes }) => `${id} ${nodes[0]?.target.join(' ')}`);
      });
      const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      const all = overflow === 0 ? found : [...found, `${overflow} pixels too wide`];
      flaws.push(...all.map((flaw) => `${theme}, ${size.width}: ${flaw}`));
    }
  }
  return flaws;
}
