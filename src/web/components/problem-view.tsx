/** What went wrong, in the service's own words, and the way to try again. */
import './problem-view.css';
import { frame } from '../texts/page.ts';

export const ProblemView = ({
  error,
  onTryAgain,
  tryAgain = frame.tryAgain,
}: {
  error: unknown;
  onTryAgain?: () => void;
  tryAgain?: string;
}) => (
  <div role="alert" className="problem-view">
    <p>{error instanceof Error ? error.message : String(error)}</p>
    {onTryAgain && (
      <button type="button" onClick={onTryAgain}>
        {tryAgain}
      </button>
    )}
  </div>
);
