// Before the first paint, so that nobody sees the wrong theme flash by.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem('wk-theme');
  } catch {
    chosen = null;
  }
  const isDark = chosen === null ? matchMedia('(prefers-color-scheme: dark)').matches : chosen === 'dark';
  document.documentElement.dataset.theme = isDark ? 'dark' : 'light';
})();
