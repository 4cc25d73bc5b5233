export function Logo({ size = 24 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      <circle cx="12" cy="12" r="10.2" fill="none" stroke="var(--ink-1)" strokeWidth="2" />
      <path d="M12 12L21.2 7.6A10.2 10.2 0 0 1 21.2 16.4z" fill="var(--accent)" />
      <circle cx="12" cy="12" r="2.4" fill="var(--ink-1)" />
    </svg>
  );
}
