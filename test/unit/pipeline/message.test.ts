import { describe, expect, test } from 'vitest';
import { readMessage } from '../../../src/pipeline/message.ts';

const notification = (...records: object[]) => JSON.stringify({ Records: records });
const record = (key: string, object: object = {}, eventName = 'ObjectCreated:Put') => ({
  eventVersion: '2.1',
  eventSource: 'aws:s3',
  eventName,
  eventTime: '2026-11-21T10:00:00.000Z',
  s3: {
    bucket: { name: 'orders', arn: 'arn:aws:s3:::orders' },
    object: { key, size: 12, eTag: 'abc', sequencer: '0055AED6DCD90281E5', ...object },
  },
});

describe('a message', () => {
  test('of OMS is a job', () => {
    expect(readMessage(JSON.stringify({ version: 1, fileId: 'f_1' }))).toEqual({ kind: 'job', fileId: 'f_1' });
  });

  test('of a bucket has the new objects, with decoded keys', () => {
    expect(readMessage(notification(record('incoming/a+b%2Bc%C3%A9.csv'), record('incoming/two.csv')))).toEqual({
      kind: 'objectsCreated',
      objects: [
        { bucket: 'orders', key: 'incoming/a b+cé.csv', etag: 'abc', sequence: '0055AED6DCD90281E5' },
        { bucket: 'orders', key: 'incoming/two.csv', etag: 'abc', sequence: '0055AED6DCD90281E5' },
      ],
    });
  });

  test('of a bucket without a sequencer is distinguished by its time', () => {
    const message = readMessage(notification(record('incoming/a.csv', { sequencer: undefined, eTag: undefined })));
    expect(message).toMatchObject({ objects: [{ sequence: '2026-11-21T10:00:00.000Z', etag: '' }] });
  });

  test('of a bucket keeps a key that cannot be decoded', () => {
    expect(readMessage(notification(record('incoming/100%.csv')))).toMatchObject({
      objects: [{ key: 'incoming/100%.csv' }],
    });
  });

  test.each([
    ['the test of a bucket', JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'orders' })],
    ['of an object that was removed', notification(record('incoming/a.csv', {}, 'ObjectRemoved:Delete'))],
    ['of no object', notification()],
  ])('%s asks for nothing', (_, body) => {
    expect(readMessage(body).kind).toBe('nothing');
  });

  test.each([
    ['no JSON', '{"version":1,', 'it is not JSON'],
    ['nothing', '', 'it is not JSON'],
    ['a later version', '{"version":2,"fileId":"f_1"}', 'start the newer release'],
    ['a job without a file', '{"version":1}', 'a job without a file id'],
    ['another object', '{"hello":"world"}', 'neither a job nor a bucket notification'],
    ['null', 'null', 'neither a job nor a bucket notification'],
    ['a list', '[1]', 'neither a job nor a bucket notification'],
    ['records of something else', '{"Records":[{"body":"x"}]}', 'neither a job nor a bucket notification'],
  ])('with %s is foreign, with the reason', (_, body, why) => {
    expect(readMessage(body)).toEqual({ kind: 'foreign', why: expect.stringContaining(why) });
  });
});
