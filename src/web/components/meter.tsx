/** A progress bar. Its label is for screen readers. */
import './meter.css';

export const Meter = ({ percent, label }: { percent: number; label: string }) => (
  <progress className="meter" max={100} value={percent} aria-label={label} />
);
