/** The theme of the page; chosen once it stays, else it follows the system. */
export function isDark(): boolean {
  return document.documentElement.dataset.theme === 'dark';
}

export function switchTheme(): void {
  const next = isDark() ? 'light' : 'dark';
  localStorage.setItem('wk-theme', next);
  document.documentElement.dataset.theme = next;
  // Charts are painted with colours read from the page.
  window.dispatchEvent(new Event('wk-theme'));
}
