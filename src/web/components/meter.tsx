/** How far something is. Its label is for those who do not see the bar. */
import './meter.css';

export const Meter = ({ percent, label }: { percent: number; label: string }) => (
  <progress className="meter" max={100} value={percent} aria-label={label} />
);
