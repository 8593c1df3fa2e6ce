/** The errors of SQS by their names, of which services and releases have several. */
import { isNamed } from '../aws.ts';

/** No such queue. */
export const isMissing = (error: unknown): boolean =>
  isNamed(error, 'QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue');

/** A request with a value that is not valid. */
export const isInvalid = (error: unknown): boolean =>
  isNamed(
    error,
    'InvalidParameterValue',
    'InvalidParameterValueException',
    'AWS.SimpleQueueService.InvalidParameterValue',
  );

/**
 * Ignores the error of a receipt that has ended or never was one, which is no error of ours: for some receipts SQS reports it, for others
 * not. Rethrows any other.
 */
export function unlessReceiptEnded(error: Error): void {
  if (isNamed(error, 'ReceiptHandleIsInvalid', 'MessageNotInflight')) return;
  if (isInvalid(error) && /receipt|visibility/i.test(error.message)) return;
  throw error;
}
