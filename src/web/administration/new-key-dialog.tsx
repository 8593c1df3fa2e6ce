/** The dialog that makes a key. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { flushSync } from 'react-dom';
import type { NewKeyResponse } from '../../http/responses.ts';
import { ACCESS_ROLES, type AccessRole } from '../../model/access.ts';
import { sendJson } from '../api/client.ts';
import { Dialog } from '../components/dialog.tsx';
import { ProblemView } from '../components/problem-view.tsx';
import { keysPage as words } from '../texts/administration.ts';

/** Customers are people, never keys. */
const ROLES = ACCESS_ROLES.filter((role) => role !== 'customer');

export const NewKeyDialog = ({
  open,
  onClose,
  onMade,
}: {
  open: boolean;
  onClose: () => void;
  onMade: (key: NewKeyResponse) => void;
}) => (
  <Dialog title={words.addTitle} open={open} onClose={onClose}>
    <NewKeyForm
      onMade={(key) => {
        flushSync(onClose);
        onMade(key);
      }}
    />
  </Dialog>
);

function NewKeyForm({ onMade }: { onMade: (key: NewKeyResponse) => void }) {
  const [name, setName] = useState('');
  const [role, setRole] = useState<AccessRole>('viewer');
  const [hubs, setHubs] = useState('');
  const [expires, setExpires] = useState('');
  const queries = useQueryClient();
  const making = useMutation({
    mutationFn: () => {
      const only = hubs.split(',').flatMap((hub) => hub.trim() || []);
      return sendJson<NewKeyResponse>('POST', '/keys', {
        ...{ name: name.trim(), role },
        ...(only.length > 0 && { hubs: only }),
        ...(expires !== '' && { expires_at: expires }),
      });
    },
    onSuccess: (key) => {
      void queries.invalidateQueries({ queryKey: ['keys'] });
      onMade(key);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    making.mutate();
  };
  return (
    <form className="key-form" onSubmit={submit}>
      <label>
        {words.name}
        <input
          required
          pattern=".*\S.*"
          maxLength={100}
          autoComplete="off"
          value={name}
          onChange={({ target }) => setName(target.value)}
        />
        <span>{words.nameHelp}</span>
      </label>
      <label>
        {words.role}
        <select value={role} onChange={({ target }) => setRole(target.value as AccessRole)}>
          {ROLES.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </label>
      <label>
        {words.hubs}
        <input autoComplete="off" value={hubs} onChange={({ target }) => setHubs(target.value)} />
        <span>{words.hubsHelp}</span>
      </label>
      <label>
        {words.expires}
        <input type="date" max="9999-12-30" value={expires} onChange={({ target }) => setExpires(target.value)} />
        <span>{words.expiresHelp}</span>
      </label>
      {making.error && <ProblemView error={making.error} />}
      <button type="submit" className="button-main" disabled={making.isPending}>
        {words.make}
      </button>
    </form>
  );
}
