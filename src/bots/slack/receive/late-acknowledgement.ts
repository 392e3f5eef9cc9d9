/**
 * Bolt acknowledges an event before anybody has looked at it: killed a moment later, it would be lost. Behind
 * this, an event is acknowledged when its listeners are done, and their stories safe in the queue; whatever was
 * not acknowledged Slack brings again.
 */
import type { App, Receiver, ReceiverEvent } from '@slack/bolt';

/** Has a receiver of Bolt's acknowledge events late. Commands and buttons are acknowledged by those who hear them. */
export function acknowledgeLate<R extends Receiver>(receiver: R): R {
  const init = receiver.init.bind(receiver);
  receiver.init = (app: App) => {
    const processEvent = app.processEvent.bind(app);
    app.processEvent = async (event: ReceiverEvent) => {
      if (event.body.type !== 'event_callback') return processEvent(event);
      await processEvent({ ...event, ack: async () => {} });
      await event.ack();
    };
    init(app);
  };
  return receiver;
}
