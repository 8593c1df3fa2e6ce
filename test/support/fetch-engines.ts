/**
 * `node test/support/fetch-engines.ts`: fetches what tests would fetch at its first use, so that this can go on beside something else. What
 * fails here fails again, and is reported, where it is used.
 */
import { fetchKafka } from '../../scripts/engines/kafka.ts';
import { fetchMongo } from '../../scripts/engines/mongo.ts';
import { fetchMoto } from '../../scripts/engines/moto.ts';
import { dockerAnswers } from './engines.ts';
import { fetchSchemathesis } from './schemathesis.ts';

const fetches: Promise<unknown>[] = [fetchMoto(), fetchSchemathesis()];
// Docker fetches its images itself.
if (!(await dockerAnswers())) {
  if (!process.env.OMS_TEST_KAFKA) fetches.push(fetchKafka());
  if (!process.env.OMS_TEST_MONGO) fetches.push(fetchMongo());
}
await Promise.allSettled(fetches);
