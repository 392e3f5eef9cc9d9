import { outlast } from '../../outage.ts';
import type { EmbeddedDatabase } from './database.ts';

/**
 * The database for work under way, which retries while the database refuses temporarily, as on a full disk.
 * Each of BullMQ's statements is a transaction of its own: a refused one has changed nothing.
 */
export function patientPool(database: EmbeddedDatabase): EmbeddedDatabase {
  const query: EmbeddedDatabase['query'] = (sql, params) => outlast(() => database.query(sql, params));
  return new Proxy(database, {
    get(target, name) {
      if (name === 'query') return query;
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
