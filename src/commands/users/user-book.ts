/** Where `oms users` finds the users: at a service, or in the order store itself. Both take and give the same. */
import { LOCAL } from '../../access/by-local-socket.ts';
import { UserAccess } from '../../access/user-access.ts';
import type { User } from '../../access/users.ts';
import type { NewUserResponse, UserResponse } from '../../http/responses.ts';
import { newUserBody, newUserJson, userJson, userPatchBody } from '../../http/user-json.ts';
import { validBody } from '../../http/valid-body.ts';
import { createLogger } from '../../log.ts';
import { systemClock } from '../../ports/clock.ts';
import type { OrderStore } from '../../ports/order-store.ts';
import { type BookOptions, listOfService, listOfStore, openBook, type RecordDone } from '../book.ts';
import type { ServiceClient } from '../service-client.ts';

/** The bodies are those of the API. */
export interface UserBook {
  add(body: object): Promise<NewUserResponse>;
  list(): Promise<UserResponse[]>;
  change(email: string, body: object): Promise<UserResponse>;
  reset(email: string): Promise<NewUserResponse>;
}

export const openUserBook = (options: BookOptions): Promise<UserBook> =>
  openBook(options, bookOfService, (store, record) => bookOfStore(store, options.config.logLevel, record));

const bookOfService = (client: ServiceClient): UserBook => ({
  add: (body) => client.call('POST', '/users', body),
  list: () => listOfService(client, '/users'),
  change: (email, body) => client.call('PATCH', pathOf(email), body),
  reset: (email) => client.call('POST', `${pathOf(email)}/reset`),
});

const pathOf = (email: string): string => `/users/${encodeURIComponent(email)}`;

/** Who can open the store may do everything. */
function bookOfStore(store: OrderStore, logLevel: string, record: RecordDone): UserBook {
  const access = new UserAccess({ store, clock: systemClock, logger: createLogger(logLevel, 'users'), people: null });
  const recorded = async <Done>(done: Done, { email }: Pick<User, 'email'>): Promise<Done> => {
    await record(`user ${email}`);
    return done;
  };
  return {
    async add(body) {
      const added = await access.create(validBody(newUserBody, body), LOCAL, '');
      return recorded(newUserJson(added), added.user);
    },
    list: async () => (await listOfStore((page) => access.users.list(page))).map(userJson),
    async change(email, body) {
      const changed = await access.change(email, validBody(userPatchBody, body), LOCAL);
      return recorded(userJson(changed), changed);
    },
    async reset(email) {
      const reset = await access.reset(email, LOCAL, '');
      return recorded(newUserJson(reset), reset.user);
    },
  };
}
