/** The marks of the chart. */
export function ChartLegend() {
  return (
    <span className="lg" aria-hidden="true">
      <span>
        <svg width="10" height="10" aria-hidden="true">
          <circle cx="5" cy="5" r="2.6" fill="var(--data-1)" />
        </svg>
        OK
      </span>
      <span>
        <svg width="10" height="10" aria-hidden="true">
          <path d="M5 1.4L8.8 8.4H1.2z" fill="var(--degraded-tile)" />
        </svg>
        Degraded
      </span>
      <span>
        <svg width="10" height="10" aria-hidden="true">
          <path d="M2 2l6 6M8 2L2 8" stroke="var(--failed)" strokeWidth="1.7" />
        </svg>
        Failed
      </span>
      <span>
        <i className="tile is-unknown" />
        No data
      </span>
    </span>
  );
}
