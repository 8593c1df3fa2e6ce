/** For an address that has no view. */
import { Link } from '@tanstack/react-router';
import { frame } from '../texts/page.ts';
import { Title } from './title.tsx';

export function NothingHere() {
  return (
    <section>
      <Title>{frame.nothingHereTitle}</Title>
      <p>{frame.nothingHere}</p>
      <Link to="/">{frame.toFiles}</Link>
    </section>
  );
}
