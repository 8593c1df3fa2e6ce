/** The rows of the file that prove how numbers or dates are written, and those that prove the opposite. */
import type { PreviewResponse } from '../../http/preview-response.ts';
import { evidence as words } from '../texts/formats.ts';

type Seen = NonNullable<PreviewResponse['evidence']['numbers']>;

export const Evidence = ({ seen }: { seen: Pick<Seen, 'proof' | 'against' | 'undecided'> }) => (
  <ul className="evidence">
    {seen.proof.length > 0 && (
      <li>
        {words.proof} <Proofs all={seen.proof} />
      </li>
    )}
    {seen.against.length > 0 && (
      <li className="evidence-against">
        {words.against}: <Proofs all={seen.against} />
      </li>
    )}
    {seen.undecided > 0 && <li className="quiet">{words.undecided(seen.undecided)}</li>}
  </ul>
);

const Proofs = ({ all }: { all: Seen['proof'] }) =>
  all.map(({ row, column, value }, place) => (
    <span key={`${row} ${column}`}>
      {place > 0 && ' · '}
      {words.row(row)}, {column}: <code>{value}</code>
    </span>
  ));
