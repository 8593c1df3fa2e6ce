/** Who is signed in, and the ways out. Nothing where access is off. */
import './access.css';
import { useMutation } from '@tanstack/react-query';
import { useMe } from '../api/session.ts';
import { signOut } from '../api/sign-in.ts';
import { ProblemView } from '../components/problem-view.tsx';
import { access as words } from '../texts/access.ts';

export function Account() {
  const me = useMe();
  const leave = useMutation({ mutationFn: signOut });
  if (me === null || me.principal === null) return null;
  const name = me.email ?? me.principal.replace(/^(?:user|oidc):/, '');
  return (
    <section className="account" aria-label={words.account}>
      <span className="account-name" title={name}>
        {name}
      </span>
      <span className="quiet">{me.role}</span>
      <button type="button" className="button-quiet" disabled={leave.isPending} onClick={() => leave.mutate('here')}>
        {words.signOut}
      </button>
      <button
        type="button"
        className="button-quiet"
        disabled={leave.isPending}
        onClick={() => leave.mutate('everywhere')}
      >
        {words.signOutEverywhere}
      </button>
      {leave.error && <ProblemView error={leave.error} />}
    </section>
  );
}
