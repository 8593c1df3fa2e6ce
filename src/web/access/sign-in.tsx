/** Where access is required and nobody is signed in: the form stands in place of the view, which goes on afterwards. */
import './access.css';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useEffect, useRef } from 'react';
import { useMe } from '../api/session.ts';
import { refusalOfIssuer, signIn, signInAtIssuer, waysToSignIn } from '../api/sign-in.ts';
import { Title } from '../layout/title.tsx';
import { notSignedIn, access as words } from '../texts/access.ts';

export function SignIn() {
  const email = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  useEffect(() => {
    email.current?.focus();
    // The form goes away with what has the focus.
    return () => document.getElementById('main')?.focus({ preventScroll: true });
  }, []);
  const signing = useMutation({
    mutationFn: () => signIn(email.current!.value.trim(), password.current!.value),
    onError: () => password.current?.select(),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signing.mutate();
  };
  const had = useMe() !== null;
  const ways = useQuery({ queryKey: ['ways-to-sign-in'], queryFn: waysToSignIn, staleTime: Number.POSITIVE_INFINITY });
  const going = useMutation({ mutationFn: () => signInAtIssuer(had) });
  const refused = signing.error ?? going.error ?? (signing.isIdle && going.isIdle ? refusalOfIssuer() : null);
  return (
    <section className="panel sign-in">
      <Title>{words.title}</Title>
      {had && <p>{words.ended}</p>}
      <form onSubmit={submit}>
        <label>
          {words.email}
          <input
            ref={email}
            name="email"
            inputMode="email"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
          />
        </label>
        <label>
          {words.password}
          <input ref={password} name="password" type="password" autoComplete="current-password" required />
        </label>
        <p role="alert" className="sign-in-refused">
          {refused && notSignedIn(refused)}
        </p>
        <button type="submit" className="button-main" disabled={signing.isPending}>
          {signing.isPending ? words.signingIn : words.signIn}
        </button>
      </form>
      {ways.data?.oidc && (
        <div className="sign-in-issuer">
          <button type="button" disabled={going.isPending} onClick={() => going.mutate()}>
            {words.atIssuer}
          </button>
          {had && <p className="quiet">{words.inNewTab}</p>}
        </div>
      )}
    </section>
  );
}
