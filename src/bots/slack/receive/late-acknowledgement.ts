/**
 * Bolt acknowledges an event before any listener has handled it: if the process were killed a moment later,
 * the event would be lost. With this wrapper, an event is acknowledged when its listeners are done and their
 * stories are stored in the queue; Slack delivers again what was not acknowledged.
 */
import type { App, Receiver, ReceiverEvent } from '@slack/bolt';

/** Makes a Bolt receiver acknowledge events late. Listeners acknowledge commands and buttons. */
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
