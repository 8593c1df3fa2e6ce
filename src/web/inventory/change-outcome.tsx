/** The outcome of one change of stock, in few words. */
import { Link } from '@tanstack/react-router';
import { formatNumber, formatSigned } from '../components/number.tsx';
import { stockRefusal } from '../texts/codes.ts';
import { inventory } from '../texts/inventory.ts';
import { frame } from '../texts/page.ts';
import type { StockChange } from './stock-changes.ts';

export function inWords({ change, outcome }: StockChange): string {
  if (outcome.kind === 'sending') return inventory.saving;
  if (outcome.kind === 'unsure') return inventory.unsure(outcome.why);
  if (outcome.kind === 'problem') return outcome.problem.message;
  const { result } = outcome;
  const available = formatNumber(result.available);
  if (result.status === 'refused') return inventory.refused(stockRefusal[result.code], available);
  return 'delta' in change ? inventory.adjustedTo(formatSigned(change.delta), available) : inventory.setTo(available);
}

export function ChangeOutcome({ change, onAgain }: { change: StockChange; onAgain: (change: StockChange) => void }) {
  const { outcome } = change;
  const good = outcome.kind === 'answered' && outcome.result.status === 'ok';
  const mood = outcome.kind === 'sending' ? 'quiet' : good ? 'change-good' : 'change-bad';
  return (
    <span className={`change-outcome ${mood}`}>
      {inWords(change)}
      {outcome.kind === 'unsure' && (
        <button type="button" onClick={() => onAgain(change)}>
          {frame.tryAgain}
        </button>
      )}
    </span>
  );
}

/** A change of a row that the list does not show, with a link to the row. */
export function ChangeElsewhere({
  change: one,
  onAgain,
  onDismiss,
}: {
  change: StockChange;
  onAgain: (change: StockChange) => void;
  onDismiss: () => void;
}) {
  const { change, outcome } = one;
  return (
    <p className="panel change-elsewhere">
      <strong>{inventory.at(change.sku, change.hub_id)}</strong>
      <ChangeOutcome change={one} onAgain={onAgain} />
      {outcome.kind === 'answered' && outcome.result.status === 'ok' && (
        <Link to="/inventory" search={{ sku: change.sku, hub_id: change.hub_id }}>
          {inventory.show}
        </Link>
      )}
      <button type="button" className="button-quiet" onClick={onDismiss}>
        {inventory.dismiss}
      </button>
    </p>
  );
}
