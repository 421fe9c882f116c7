// Waiting for a seat, in the tabs of a browser that `page.js` imitates.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Channels, Clock, Server, openTab, settled } from './page.js';

const INTERVIEW = { activity: 'interview', wait: true };
const MINUTE = 60_000;

/** A server whose seats are taken by others, and a way to open tabs. */
async function scene({ seats = 1, taken = seats, seatsPer } = {}) {
  const clock = new Clock();
  const server = new Server({ seats, clock, seatsPer });
  const channels = new Channels();
  const open = (token = 'ann', storage) => openTab(server, { clock, channels: token === 'ann' ? channels : new Channels(), token, storage });
  const others = [];
  for (let other = 0; other < taken; other += 1) {
    const visit = open(`other${other}`).startHeartbeat(INTERVIEW);
    await settled();
    others.push(visit);
  }
  return { clock, server, open, others };
}

/** Starts a visit that waits, and collects its events. */
async function wait(tab, options = {}) {
  const visit = tab.startHeartbeat({ ...INTERVIEW, ...options });
  visit.events = [];
  for (const name of ['entering', 'waiting', 'offered', 'admitted', 'full', 'lost', 'left']) {
    visit.addEventListener(name, ({ type, detail }) => visit.events.push(detail.queuePlace ? `${type} ${detail.queuePlace.position}` : type));
  }
  await settled();
  return visit;
}

describe('a visit that waits', () => {
  test('shows its place, takes the offered seat by itself, and reports each step', async () => {
    const { clock, open, others, server } = await scene();
    const ben = await wait(open('ben'));
    const tab = open();
    const steps = [];
    tab.document.addEventListener('activity-queue-changed', ({ detail }) => steps.push(detail.state));
    const ann = await wait(tab);
    const entry = await ann.entered;
    assert.deepEqual([entry.admitted, entry.queuePlace.position], [false, 2]);
    assert.deepEqual([ann.state, ann.position, ann.queueLength, ann.offer, ann.isAdmitted], ['waiting', 2, 2, null, false]);
    others[0].leave();
    await clock.advance(1_000);
    assert.deepEqual([ben.state, ann.state, ann.position], ['admitted', 'waiting', 1]);
    ben.stop();
    await clock.advance(1_000);
    assert.deepEqual([ann.state, ann.queuePlace, ann.isAdmitted], ['admitted', null, true]);
    assert.deepEqual(ann.events, ['entering', 'waiting 2', 'waiting 1', 'offered 1', 'admitted']);
    assert.deepEqual(steps, ['entering', 'waiting', 'waiting', 'offered', 'admitted']);
    assert.equal(server.taken, 1);
    assert.deepEqual(tab.warnings, []);
  });

  test('leaves an offer to the person if it shall not take it', async () => {
    const { open, others } = await scene();
    const ann = await wait(open(), { acceptOffers: false });
    others[0].leave();
    await settled();
    assert.deepEqual([ann.state, ann.offer.expiresAt], ['offered', '2031-12-01T19:00:30.000Z']);
    await ann.enter();
    assert.equal(ann.state, 'admitted');
  });

  test('leaves an offer to the person in another tab, too', async () => {
    const { clock, open, others, server } = await scene();
    const visits = [await wait(open(), { acceptOffers: false })];
    others[0].leave();
    await settled();
    visits.push(await wait(open(), { acceptOffers: false }));
    await clock.advance(5_000);
    assert.deepEqual(visits.map(({ state }) => state), ['offered', 'offered']);
    await visits[1].enter();
    await clock.advance(1_000);
    assert.deepEqual(visits.map(({ state }) => state), ['admitted', 'admitted']);
  });

  for (const end of ['leave', 'stop', 'complete']) {
    test(`leaves the queue by ${end}(), also before the answer`, async () => {
      const { open, server } = await scene();
      const tab = open();
      const ann = await wait(tab);
      assert.equal(server.queue.length, 1);
      await ann[end]();
      await settled();
      assert.deepEqual([server.queue, ann.queuePlace], [[], null]);
      assert.deepEqual(ann.events.at(-1), 'left');
      const again = tab.startHeartbeat(INTERVIEW);
      again[end]();
      assert.equal((await again.entered).cancelled, true);
      await settled();
      assert.deepEqual(server.queue, []);
    });
  }

  test('keeps its place over a lost connection, and takes an offer that came meanwhile', async () => {
    const { clock, open, others } = await scene();
    const tab = open();
    const ann = await wait(tab);
    tab.loseConnection();
    others[0].leave();
    await settled();
    assert.equal(ann.state, 'waiting');
    await clock.advance(2_000);
    assert.equal(ann.state, 'admitted');
    assert.equal(ann.events.includes('lost'), false);
  });

  test('asks again if its place has ended while it had no connection for too long', async () => {
    for (const [seconds, state, queue] of [[90, 'waiting', 1], [5, 'lost', 0]]) {
      const { clock, open, server } = await scene();
      const tab = open();
      const ann = await wait(tab);
      server.isDown = true;
      tab.loseConnection();
      server.endPlace(ann.id);
      await clock.advance(seconds * 1_000);
      server.isDown = false;
      await clock.advance(MINUTE);
      tab.use();
      await clock.advance(MINUTE);
      assert.deepEqual([seconds, ann.state, server.queue.length], [seconds, state, queue]);
    }
  });

  test('does not ask again while nobody is there, but when somebody is back', async () => {
    const { clock, open, server } = await scene();
    const tab = open();
    const ann = await wait(tab);
    await clock.advance(5 * MINUTE);
    server.isDown = true;
    tab.loseConnection();
    server.endPlace(ann.id);
    await clock.advance(2 * MINUTE);
    server.isDown = false;
    await clock.advance(MINUTE);
    assert.deepEqual([ann.state, ann.lostReason, server.queue], ['lost', 'away', []]);
    tab.use();
    await clock.advance(2_000);
    assert.deepEqual([ann.state, server.queue], ['waiting', [ann.id]]);
  });

  test('keeps place and seat over a reload', async () => {
    const { open, others, server } = await scene();
    let tab = open();
    const first = await wait(tab);
    for (const state of ['waiting', 'admitted']) {
      assert.equal(server.visits.get(first.id) !== undefined, true);
      tab.leave();
      await settled();
      tab = open('ann', tab.storage);
      const next = await wait(tab);
      assert.deepEqual([next.id, next.state], [first.id, state]);
      others[0].leave();
      await settled();
    }
  });
});

describe('an idle visit', () => {
  test('says so after five minutes without use, and no longer when it is used', async () => {
    const { clock, open, server } = await scene({ taken: 0 });
    const tab = open();
    const ann = await wait(tab);
    await clock.advance(5 * MINUTE - 1_000);
    assert.deepEqual([ann.isIdle, server.visits.get(ann.id).isIdle], [false, false]);
    tab.use();
    await clock.advance(5 * MINUTE - 1_000);
    assert.equal(server.visits.get(ann.id).isIdle, false);
    await clock.advance(1_000);
    assert.deepEqual([ann.isIdle, server.visits.get(ann.id).isIdle], [true, true]);
    tab.use();
    await settled();
    assert.deepEqual([ann.isIdle, server.visits.get(ann.id).isIdle], [false, false]);
  });

  test('that lost its seat does not ask for it again by itself', async () => {
    const { clock, open, server } = await scene({ taken: 0 });
    const tab = open();
    const ann = await wait(tab);
    await clock.advance(6 * MINUTE);
    server.endSeat(ann.id);
    await clock.advance(MINUTE);
    assert.deepEqual([ann.state, ann.lostReason, ann.isAdmitted], ['lost', 'idle', false]);
    tab.use();
    await clock.advance(MINUTE);
    assert.deepEqual([ann.state, server.taken], ['lost', 0]);
    await ann.enter();
    assert.equal(ann.state, 'admitted');
  });
});

describe('a seat that ends although nobody is idle', () => {
  test('is not asked for again while the page has a connection', async () => {
    for (const seatsPer of ['PERSON', 'VISIT']) {
      const { clock, open, server } = await scene({ taken: 0, seatsPer });
      const tab = open();
      const visit = tab.startHeartbeat({ activity: 'interview' });
      await settled();
      server.endSeat(visit.id);
      await clock.advance(MINUTE);
      tab.use();
      await clock.advance(MINUTE);
      assert.deepEqual([visit.state, visit.lostReason, server.taken], ['lost', 'ended', 0]);
    }
  });

  test('is asked for again after heartbeats were missed, as on a phone that stopped the page', async () => {
    const { clock, open, server } = await scene({ taken: 0 });
    const tab = open();
    const visit = tab.startHeartbeat({ activity: 'interview' });
    await settled();
    // The page does not run, and its socket stays open.
    clock.skip(2 * MINUTE);
    server.endSeat(visit.id);
    await clock.advance(MINUTE);
    assert.deepEqual([visit.state, visit.lostReason, server.taken], ['lost', 'away', 0]);
    tab.use();
    await clock.advance(MINUTE);
    assert.deepEqual([visit.state, server.taken], ['admitted', 1]);
  });
});

describe('two tabs of one person', () => {
  test('share one place and one seat, and show the same', async () => {
    const { clock, open, others, server } = await scene();
    const tabs = [open(), open()];
    const one = await wait(tabs[0]);
    const other = await wait(tabs[1]);
    await clock.advance(1_000);
    assert.equal(server.queue.length, 1);
    assert.deepEqual([one.state, one.position, other.state, other.position], ['waiting', 1, 'waiting', 1]);
    others[0].leave();
    await clock.advance(1_000);
    assert.deepEqual([one.state, other.state, server.taken], ['admitted', 'admitted', 1]);
    // They do not take the seat from each other.
    const entries = server.counts.enterActivity;
    await clock.advance(3 * MINUTE);
    assert.deepEqual([one.state, other.state, server.counts.enterActivity], ['admitted', 'admitted', entries]);
    assert.equal([one, other].some((visit) => visit.events.includes('lost')), false);
  });

  test('have the seat in the tab that is used', async () => {
    const { clock, open, server } = await scene({ taken: 0 });
    const tabs = [open(), open()];
    const visits = [await wait(tabs[0]), await wait(tabs[1])];
    for (const at of [0, 1, 0]) {
      await clock.advance(3_000);
      tabs[at].use();
      await settled();
      assert.equal(server.hasSeat(visits[at].id), true);
      assert.deepEqual([visits[0].state, visits[1].state, server.taken], ['admitted', 'admitted', 1]);
    }
  });

  for (const [name, end] of [['closed', (tab) => tab.leave()], ['stopped', (_, visit) => visit.stop()]]) {
    test(`keep what they share when one is ${name}`, async () => {
      for (const taken of [0, 1]) {
        const { clock, open, server } = await scene({ taken });
        const tabs = [open(), open()];
        const visits = [await wait(tabs[0]), await wait(tabs[1])];
        await clock.advance(1_000);
        end(tabs[1], visits[1]);
        await clock.advance(3_000);
        assert.equal(visits[0].state, taken ? 'waiting' : 'admitted');
        assert.deepEqual([server.hasSeat(visits[0].id), server.queue.length, server.taken], [!taken, taken, 1]);
      }
    });
  }

  test('leave together', async () => {
    for (const taken of [0, 1]) {
      const { clock, open, server } = await scene({ taken });
      const visits = [await wait(open()), await wait(open())];
      await clock.advance(1_000);
      await visits[0].leave();
      await settled();
      assert.deepEqual([visits[0].state, visits[1].state], ['online', 'online']);
      assert.deepEqual([server.queue, server.taken], [[], taken]);
      assert.deepEqual(visits.map(({ events }) => events.at(-1)), ['left', 'left']);
    }
  });

  test('are two if each visit has its own seat', async () => {
    const { clock, open, server } = await scene({ seats: 3, taken: 0, seatsPer: 'VISIT' });
    const visits = [await wait(open()), await wait(open())];
    await clock.advance(1_000);
    assert.equal(server.taken, 2);
    await visits[0].leave();
    await clock.advance(1_000);
    assert.deepEqual([visits[0].state, visits[1].state, server.taken], ['online', 'admitted', 1]);
  });
});

describe('an offer that the person does not accept', () => {
  for (const seatsPer of ['PERSON', 'VISIT']) {
    test(`ends, and the visit joins again when it is asked to (${seatsPer})`, async () => {
      const { clock, open, others, server } = await scene({ seatsPer });
      const tab = open();
      const ann = await wait(tab, { acceptOffers: false });
      others[0].leave();
      await settled();
      assert.equal(ann.state, 'offered');
      await clock.advance(30_000);
      server.endOffers();
      await clock.advance(1_000);
      assert.deepEqual([ann.state, ann.lostReason, ann.queuePlace], ['lost', 'lapsed', null]);
      await clock.advance(MINUTE);
      tab.use();
      await clock.advance(MINUTE);
      assert.deepEqual([ann.state, server.queue, server.taken], ['lost', [], 0]);
      await ann.enter();
      assert.deepEqual([ann.state, server.taken], ['admitted', 1]);
    });
  }

  test('ends in all tabs, also in one that had no connection', async () => {
    const { clock, open, others, server } = await scene();
    const tabs = [open(), open()];
    const visits = [await wait(tabs[0], { acceptOffers: false }), await wait(tabs[1], { acceptOffers: false })];
    others[0].leave();
    await settled();
    server.isDown = true;
    tabs[0].loseConnection();
    await clock.advance(2 * MINUTE);
    server.endOffers();
    server.isDown = false;
    await clock.advance(MINUTE);
    tabs[0].use();
    await clock.advance(MINUTE);
    assert.deepEqual(visits.map(({ state, lostReason }) => [state, lostReason]), [['lost', 'lapsed'], ['lost', 'lapsed']]);
    assert.deepEqual([server.queue, server.taken], [[], 0]);
  });
});

describe('two tabs with a seat for each visit', () => {
  test('do not join, show, inherit or leave together', async () => {
    const { clock, open, server } = await scene({ seats: 2, taken: 0, seatsPer: 'VISIT' });
    const tabs = [open(), open(), open()];
    const [first, second, third] = [await wait(tabs[0]), await wait(tabs[1]), await wait(tabs[2])];
    await clock.advance(1_000);
    assert.deepEqual([first.state, second.state, third.state], ['admitted', 'admitted', 'waiting']);
    const entries = server.counts.enterActivity;
    for (const tab of tabs) tab.use();
    await clock.advance(MINUTE);
    assert.deepEqual([server.counts.enterActivity, third.state], [entries, 'waiting']);
    // The one that waits gets the free seat by its offer.
    await first.leave();
    await clock.advance(1_000);
    assert.deepEqual([first.state, second.state, third.state], ['online', 'admitted', 'admitted']);
    assert.equal(server.counts.enterActivity, entries + 1);
    second.stop();
    tabs[2].leave();
    await clock.advance(MINUTE);
    assert.deepEqual([first.state, server.counts.enterActivity], ['online', entries + 1]);
  });

  test('that wait leave the queue one by one', async () => {
    for (const end of ['leave', 'stop', 'complete']) {
      const { clock, open, server } = await scene({ seatsPer: 'VISIT' });
      const visits = [await wait(open()), await wait(open())];
      assert.deepEqual(server.queue, visits.map(({ id }) => id));
      const [, other] = server.queue;
      await visits[0][end]();
      await clock.advance(MINUTE);
      assert.deepEqual([visits[1].state, visits[1].position, server.queue], ['waiting', 1, [other]]);
      assert.equal(visits[1].events.includes('left'), false);
    }
  });

  test('leave each other alone before they know that', async () => {
    for (const end of ['leave', 'stop', 'complete']) {
      const { clock, open, server } = await scene({ seatsPer: 'VISIT' });
      const waiting = await wait(open());
      server.isSlow = true;
      const asking = await wait(open());
      assert.equal(asking.state, 'entering');
      const ended = asking[end]();
      server.answerAll();
      await ended;
      await clock.advance(MINUTE);
      assert.deepEqual([waiting.state, waiting.position, server.queue], ['waiting', 1, [waiting.id]]);
    }
  });

  test('share again when the seats are for people', async () => {
    const { clock, open, server } = await scene({ taken: 0, seats: 2, seatsPer: 'VISIT' });
    const visits = [await wait(open()), await wait(open())];
    assert.equal(server.taken, 2);
    server.seatsPer = 'PERSON';
    server.endSeat(visits[0].id);
    await clock.advance(MINUTE);
    assert.deepEqual(visits.map(({ state }) => state), ['admitted', 'admitted']);
    await visits[0].leave();
    await clock.advance(1_000);
    assert.deepEqual([visits.map(({ state }) => state), server.taken], [['online', 'online'], 0]);
    // And the other way round.
    await visits[0].enter('interview');
    await visits[1].enter('interview');
    server.seatsPer = 'VISIT';
    server.endPlace(visits[0].id);
    await clock.advance(MINUTE);
    assert.deepEqual([visits.map(({ state, lostReason }) => [state, lostReason])], [[['lost', 'ended'], ['admitted', null]]]);
    await visits[1].leave();
    await visits[0].enter();
    await clock.advance(1_000);
    assert.deepEqual([visits.map(({ state }) => state), server.taken], [['admitted', 'online'], 1]);
  });
});

describe('a person who leaves the queue with another device', () => {
  test('has left it in all tabs within a second, and no tab joins again', async () => {
    const { clock, open, server, devices } = await twoDevices();
    const tabs = [open(), open()];
    const visits = [await wait(tabs[0]), await wait(tabs[1])];
    const phone = await wait(devices[0]);
    await clock.advance(1_000);
    assert.deepEqual([...visits, phone].map(({ state, position }) => `${state} ${position}`), Array(3).fill('waiting 1'));
    const entries = server.counts.enterActivity;
    await phone.leave();
    await clock.advance(1_000);
    assert.deepEqual(visits.map(({ state, lostReason }) => `${state} ${lostReason}`), Array(2).fill('lost ended'));
    for (let turn = 0; turn < 3; turn += 1) {
      for (const tab of tabs) tab.use();
      await clock.advance(MINUTE);
    }
    assert.deepEqual([server.counts.enterActivity, server.queue], [entries, []]);
    await visits[0].enter();
    assert.deepEqual([visits[0].state, server.queue], ['waiting', [visits[0].id]]);
  });

  test('has left it in a tab that lost its connection for a moment', async () => {
    const { clock, open, server, devices } = await twoDevices();
    const tab = open();
    const ann = await wait(tab);
    const phone = await wait(devices[0]);
    tab.loseConnection();
    await phone.leave();
    await clock.advance(5_000);
    tab.use();
    await clock.advance(MINUTE);
    assert.deepEqual([ann.state, ann.lostReason, server.queue], ['lost', 'ended', []]);
  });

  test('gets no seat again by using a tab that has no connection', async () => {
    const { clock, devices, server } = await twoDevices({ seats: 2, taken: 0 });
    const [laptop, phone] = [await wait(devices[0]), await wait(devices[1])];
    await clock.advance(1_000);
    assert.deepEqual([laptop.state, server.taken], ['admitted', 1]);
    devices[0].loseConnection();
    await phone.leave();
    devices[0].use();
    await clock.advance(MINUTE / 2);
    devices[0].use();
    await clock.advance(MINUTE / 2);
    assert.deepEqual([laptop.state, server.taken], ['lost', 0]);
  });

  test('keeps showing the seat of another device over a lost connection', async () => {
    const { clock, server, devices } = await twoDevices({ taken: 0 });
    const visits = [await wait(devices[0]), await wait(devices[1])];
    await clock.advance(1_000);
    devices[0].loseConnection();
    await clock.advance(MINUTE);
    assert.deepEqual(visits.map(({ state }) => state), ['admitted', 'admitted']);
    assert.deepEqual([server.counts.enterActivity, visits[0].events.includes('lost')], [2, false]);
    // And what ends meanwhile has ended.
    server.isDown = true;
    devices[0].loseConnection();
    await visits[1].leave();
    server.isDown = false;
    await clock.advance(MINUTE);
    devices[0].use();
    await clock.advance(MINUTE);
    assert.deepEqual([visits[0].state, visits[0].lostReason, server.taken], ['lost', 'ended', 0]);
  });
});

describe('a page whose person changes', () => {
  test('does not take the place of the last person, nor ask for one', async () => {
    const { clock, open, server } = await scene();
    const tabs = [open(), open()];
    const visits = [await wait(tabs[0]), await wait(tabs[1])];
    const bens = openTab(server, { clock, channels: tabs[0].channels, token: 'ben' });
    tabs[0].configure({ token: () => 'ben' });
    await clock.advance(MINUTE);
    tabs[0].use();
    await clock.advance(MINUTE);
    assert.deepEqual([visits[0].state, visits[0].lostReason, visits[1].state], ['lost', 'person', 'waiting']);
    assert.deepEqual(server.queue.map((id) => server.visits.get(id).person), ['ann']);
    // From now on it belongs to the tabs of the other person.
    const ben = await wait(bens);
    await visits[0].enter();
    await clock.advance(1_000);
    assert.deepEqual([ben.position, visits[0].position, visits[1].position, server.queue.length], [2, 2, 1, 2]);
    await ben.leave();
    await clock.advance(1_000);
    assert.deepEqual([visits[0].state, visits[1].state, server.queue.length], ['online', 'waiting', 1]);
  });
});

describe('a page whose person signs out', () => {
  test('shows no place, until the person signs in again', async () => {
    const { clock, open, server } = await scene();
    const tabs = [open(), open()];
    const visits = [await wait(tabs[0]), await wait(tabs[1])];
    tabs[0].configure({ token: () => null });
    await clock.advance(5_000);
    assert.deepEqual([visits[0].state, visits[0].queuePlace, visits[1].state], ['failed', null, 'waiting']);
    tabs[0].configure({ token: () => 'ann' });
    await clock.advance(5_000);
    assert.deepEqual([visits[0].state, visits[0].position, server.queue.length], ['waiting', 1, 1]);
    await visits[1].leave();
    await clock.advance(1_000);
    assert.equal(visits[0].state, 'online');
  });
});

describe('a page that the browser keeps for going back', () => {
  test('is in touch with the other tabs again', async () => {
    const { clock, open, server } = await scene();
    const tabs = [open(), open()];
    const visits = [await wait(tabs[0]), await wait(tabs[1])];
    tabs[0].leave();
    await clock.advance(10_000);
    tabs[0].comeBack();
    await clock.advance(10_000);
    assert.deepEqual([visits[0].state, visits[0].position], ['waiting', 1]);
    await visits[1].leave();
    await clock.advance(1_000);
    assert.deepEqual([visits[0].state, visits[1].state, server.queue], ['online', 'online', []]);
  });

  test('asks again for a seat that it gave back, and for nothing that the person has left', async () => {
    const { clock, open, server } = await scene({ taken: 0 });
    const tabs = [open(), open()];
    const first = tabs[0].startHeartbeat({ activity: 'interview' });
    await settled();
    tabs[0].leave();
    await clock.advance(1_000);
    assert.equal(server.taken, 0);
    tabs[0].comeBack();
    await clock.advance(1_000);
    assert.deepEqual([first.state, server.taken], ['admitted', 1]);
    const second = await wait(tabs[1]);
    tabs[0].leave();
    await settled();
    await second.leave();
    tabs[0].comeBack();
    await clock.advance(5_000);
    tabs[0].use();
    await clock.advance(MINUTE);
    assert.deepEqual([first.state, first.lostReason, server.taken], ['lost', 'ended', 0]);
  });
});

describe('a person with two devices', () => {
  test('has one seat, which moves to the device that is used, and both show it', async () => {
    const { clock, server } = await scene({ taken: 0 });
    const tabs = [1, 2].map(() => openTab(server, { clock, channels: new Channels() }));
    const visits = [await wait(tabs[0]), await wait(tabs[1])];
    await clock.advance(3 * MINUTE);
    assert.deepEqual(visits.map(({ state }) => state), ['admitted', 'admitted']);
    assert.deepEqual([server.taken, server.counts.enterActivity], [1, 2]);
    tabs[0].use();
    await clock.advance(MINUTE);
    assert.equal(server.hasSeat(visits[0].id), true);
    assert.deepEqual([server.taken, server.counts.enterActivity], [1, 3]);
    await visits[0].leave();
    await clock.advance(MINUTE);
    assert.deepEqual([visits[1].state, visits[1].lostReason, server.taken], ['lost', 'ended', 0]);
    tabs[1].use();
    await clock.advance(MINUTE);
    assert.equal(server.taken, 0, 'the person has left');
  });

  for (const end of ['leave', 'stop', 'complete']) {
    test(`keeps its place if a device that did not ask to wait ends by ${end}()`, async () => {
      for (const options of [{}, { activity: 'interview' }]) {
        const { clock, others, server, devices } = await twoDevices();
        const waiting = await wait(devices[0]);
        const watching = devices[1].startHeartbeat(options);
        await clock.advance(MINUTE);
        assert.deepEqual([waiting.state, waiting.position], ['waiting', 1]);
        if (options.activity) assert.deepEqual([watching.state, watching.position], ['waiting', 1], 'it shows the place');
        await watching[end]();
        await clock.advance(MINUTE);
        assert.deepEqual([waiting.state, server.queue], ['waiting', [waiting.id]]);
        others[0].leave();
        await clock.advance(1_000);
        assert.deepEqual([waiting.state, server.hasSeat(waiting.id)], ['admitted', true]);
      }
    });
  }

  test('keeps its place if the tab that did not ask to wait is in the same browser', async () => {
    for (const end of ['leave', 'stop', 'close']) {
      const { clock, open, server } = await scene();
      const tabs = [open(), open()];
      const waiting = await wait(tabs[0]);
      const watching = tabs[1].startHeartbeat({ activity: 'interview' });
      await clock.advance(1_000);
      if (end === 'close') tabs[1].leave();
      else await watching[end]();
      await clock.advance(MINUTE);
      assert.deepEqual([end, waiting.state, server.queue], [end, 'waiting', [waiting.id]]);
      // And the place ends with the tab that waits.
      if (end === 'close') continue;
      tabs[1].startHeartbeat({ activity: 'interview' });
      await settled();
      waiting.stop();
      await clock.advance(MINUTE);
      assert.deepEqual([end, server.queue], [end, []]);
    }
  });

  test('keeps its place until the last device that waits stops', async () => {
    for (const order of [[0, 1], [1, 0]]) {
      const { clock, server, devices } = await twoDevices();
      const visits = [await wait(devices[0]), await wait(devices[1])];
      const [first, last] = order.map((at) => visits[at]);
      await first.stop();
      await clock.advance(MINUTE);
      assert.deepEqual([last.state, last.position, server.queue], ['waiting', 1, [last.id]]);
      await last.stop();
      assert.deepEqual(server.queue, []);
    }
  });

  test('leaves the queue with all devices by leave()', async () => {
    const { clock, server, devices } = await twoDevices();
    const visits = [await wait(devices[0]), await wait(devices[1])];
    await visits[0].leave();
    await clock.advance(MINUTE);
    assert.deepEqual([visits[1].state, visits[1].lostReason, server.queue], ['lost', 'ended', []]);
  });

  test('takes an offer once, with a device that waits', async () => {
    const { clock, others, server, devices } = await twoDevices();
    const visits = [await wait(devices[0]), await wait(devices[1])];
    const third = openTab(server, { clock, channels: new Channels() }).startHeartbeat({ activity: 'interview' });
    await clock.advance(1_000);
    others[0].leave();
    await clock.advance(MINUTE);
    assert.deepEqual([...visits, third].map(({ state }) => state), ['admitted', 'admitted', 'admitted']);
    assert.equal(server.taken, 1);
    assert.equal(server.hasSeat(third.id), false, 'it did not ask to wait');
    const entries = server.counts.enterActivity;
    await clock.advance(3 * MINUTE);
    assert.equal(server.counts.enterActivity, entries, 'the devices take the seat from each other');
  });

  test('is told at once that the seat has moved', async () => {
    const { clock, server, devices } = await twoDevices({ taken: 0 });
    const first = await wait(devices[0], { wait: false });
    const beats = server.counts.heartbeat;
    await wait(devices[1], { wait: false });
    await clock.advance(1_000);
    assert.equal(server.counts.heartbeat > beats + 1, true, 'the visit asks where its seat is');
    assert.deepEqual([first.presence.activity, first.state], [null, 'admitted']);
  });

  test('does not take the place in another queue for this one', async () => {
    const { clock, server, devices } = await twoDevices();
    server.waitsElsewhere.add('ann');
    const ann = await wait(devices[0]);
    assert.deepEqual([ann.state, ann.position], ['waiting', 1]);
    server.endPlace(ann.id);
    await clock.advance(MINUTE);
    assert.deepEqual([ann.state, ann.position], ['lost', null]);
  });
});

describe('a tab that was in use before it lost its connection for long', () => {
  /** The laptop has no connection for two minutes, and is used all the time. */
  async function goAway({ clock, server, devices: [laptop] }, meanwhile) {
    laptop.use();
    server.isDown = true;
    laptop.loseConnection();
    await clock.advance(MINUTE);
    await meanwhile();
    laptop.use();
    await clock.advance(MINUTE);
    laptop.use();
    server.isDown = false;
    await clock.advance(MINUTE);
  }

  test('asks for nothing by itself, and asks again when it is used after that', async () => {
    for (const taken of [0, 1]) {
      for (const seatsPer of ['PERSON', 'VISIT']) {
        const scene = await twoDevices({ taken, seatsPer });
        const { clock, server, devices } = scene;
        const ann = await wait(devices[0]);
        const entries = server.counts.enterActivity;
        await goAway(scene, () => (taken ? server.endPlace(ann.id) : server.endSeat(ann.id)));
        assert.deepEqual([ann.state, ann.lostReason, server.counts.enterActivity], ['lost', 'away', entries]);
        devices[0].use();
        await clock.advance(1_000);
        assert.deepEqual([ann.state, server.counts.enterActivity], [taken ? 'waiting' : 'admitted', entries + 1]);
      }
    }
  });

  test('shows first what the person has on another device, and takes nothing new', async () => {
    const scene = await twoDevices({ taken: 0 });
    const { clock, server, devices } = scene;
    const [laptop, phone] = [await wait(devices[0]), await wait(devices[1])];
    server.endSeat(phone.id);
    await laptop.enter();
    await goAway(scene, () => phone.enter());
    assert.deepEqual([laptop.state, laptop.events.includes('lost')], ['admitted', false]);
    assert.equal(server.hasSeat(phone.id), true, 'nobody has used the laptop');
    devices[0].use();
    await clock.advance(1_000);
    assert.deepEqual([server.hasSeat(laptop.id), server.taken], [true, 1]);
  });

  test('does not ask again if it only showed what the person has left on another device', async () => {
    for (const taken of [0, 1]) {
      const scene = await twoDevices({ taken });
      const { clock, server, devices } = scene;
      const [laptop, phone] = [await wait(devices[0], { wait: false }), await wait(devices[1])];
      await clock.advance(MINUTE);
      assert.equal(laptop.state, taken ? 'waiting' : 'admitted');
      await goAway(scene, () => phone.leave());
      devices[0].use();
      await clock.advance(MINUTE);
      assert.deepEqual([laptop.state, laptop.lostReason, server.taken, server.queue], ['lost', 'ended', taken, []]);
    }
  });
});

describe('a tab that is used while the server does not answer', () => {
  test('sends a request that nobody made once, and none after the connection is back', async () => {
    for (const hasLeft of [false, true]) {
      const { clock, server, devices } = await twoDevices({ taken: 0 });
      const [laptop, phone] = [await wait(devices[0]), await wait(devices[1])];
      await clock.advance(3_000);
      const entries = server.counts.enterActivity;
      devices[0].isCutOff = true;
      for (let turn = 0; turn < 10; turn += 1) {
        devices[0].use();
        await clock.advance(3_000);
      }
      devices[0].isCutOff = false;
      if (hasLeft) await phone.leave();
      devices[0].loseConnection();
      await clock.advance(MINUTE);
      assert.equal(server.counts.enterActivity, entries);
      assert.deepEqual([laptop.state, server.taken], hasLeft ? ['lost', 0] : ['admitted', 1]);
      devices[0].use();
      await clock.advance(MINUTE);
      assert.deepEqual([server.counts.enterActivity, server.hasSeat(laptop.id)], [entries + !hasLeft, !hasLeft]);
      assert.equal(laptop.events.includes('failed'), false);
    }
  });

  test('takes no seat that the person has just left on another device', async () => {
    const { clock, server, devices } = await twoDevices({ taken: 0 });
    const [laptop, phone] = [await wait(devices[0]), await wait(devices[1])];
    await clock.advance(3_000);
    server.isSlow = true;
    await phone.leave();
    devices[0].use();
    await clock.advance(1_000);
    server.answerAll();
    await clock.advance(MINUTE);
    assert.deepEqual([laptop.state, laptop.lostReason, server.taken], ['lost', 'ended', 0]);
    assert.equal(laptop.events.includes('full'), false);
  });

  test('does not join the queue again for an offer that ends just before it is taken', async () => {
    const { clock, server, others, open } = await scene();
    const ann = await wait(open());
    const enter = server.enterActivity;
    server.enterActivity = (...request) => {
      server.endPlace(ann.id);
      return enter.apply(server, request);
    };
    await others[0].leave();
    await clock.advance(MINUTE);
    assert.deepEqual([ann.state, ann.lostReason, server.queue, server.taken], ['lost', 'ended', [], 0]);
    assert.deepEqual(ann.events, ['entering', 'waiting 1', 'offered 1', 'lost']);
  });
});

describe('an activity whose seats become seats for visits while two tabs are used', () => {
  test('keeps the one seat of the person', async () => {
    for (const seats of [1, 2]) {
      for (const isNewsLate of [false, true]) {
        const { clock, open, server } = await scene({ seats, taken: 0 });
        const tabs = [open(), open()];
        const visits = [await wait(tabs[0]), await wait(tabs[1])];
        await clock.advance(3_000);
        server.isSlow = isNewsLate;
        server.seatsPer = 'VISIT';
        if (!isNewsLate) server.endPlace(visits[0].id);
        for (let turn = 0; turn < 4; turn += 1) {
          for (const tab of tabs) tab.use();
          await clock.advance(2_000);
        }
        server.answerAll();
        await clock.advance(MINUTE);
        for (const tab of tabs) tab.use();
        await clock.advance(MINUTE);
        assert.deepEqual([seats, isNewsLate, server.taken, server.queue], [seats, isNewsLate, 1, []]);
        assert.deepEqual(visits.map(({ state }) => state), ['lost', 'admitted']);
      }
    }
  });
});

describe('a device that shows the seat of another one', () => {
  for (const end of ['leave', 'complete', 'stop']) {
    test(`${end === 'stop' ? 'keeps' : 'gives back'} that seat by ${end}()`, async () => {
      const { clock, server, devices } = await twoDevices({ taken: 0 });
      const [laptop, phone] = [await wait(devices[0]), await wait(devices[1])];
      await clock.advance(1_000);
      assert.deepEqual([laptop.state, server.hasSeat(phone.id)], ['admitted', true]);
      await laptop[end]();
      assert.equal(laptop.events.at(-1), 'left');
      await clock.advance(MINUTE);
      for (const device of devices) device.use();
      await clock.advance(MINUTE);
      const [state, reason, taken] = end === 'stop' ? ['admitted', null, 1] : ['lost', 'ended', 0];
      assert.deepEqual([phone.state, phone.lostReason, server.taken], [state, reason, taken]);
    });
  }
});

describe('two activities on one page', () => {
  async function page() {
    const { clock, open, server, others } = await scene({ taken: 1 });
    server.addActivity('lecture', 1);
    const tab = open();
    return { clock, server, others, tab, lecture: await wait(tab, { activity: 'lecture' }), interview: await wait(tab) };
  }

  test('are a seat and a place, and leaving one keeps the other', async () => {
    for (const left of ['lecture', 'interview']) {
      const { clock, server, others, ...visits } = await page();
      const { lecture, interview } = visits;
      assert.deepEqual([lecture.state, interview.state, interview.position], ['admitted', 'waiting', 1]);
      await visits[left].leave();
      await clock.advance(MINUTE);
      const states = [lecture.state, interview.state, server.hasSeat(lecture.id, 'lecture'), server.queue.length];
      assert.deepEqual(states, left === 'lecture' ? ['online', 'waiting', false, 1] : ['admitted', 'online', true, 0]);
      if (left === 'interview') continue;
      others[0].leave();
      await clock.advance(1_000);
      assert.deepEqual([interview.state, lecture.events.at(-1)], ['admitted', 'left']);
    }
  });

  test('are two queues, of which each device waits in one', async () => {
    const { clock, server, devices } = await twoDevices();
    server.addActivity('lecture', 0);
    const [first, second] = [await wait(devices[0]), await wait(devices[1], { activity: 'lecture' })];
    const shown = [devices[0].startHeartbeat({ activity: 'lecture' }), devices[1].startHeartbeat({ activity: 'interview' })];
    await clock.advance(MINUTE);
    assert.deepEqual([first.state, second.state], ['waiting', 'waiting']);
    await first.leave();
    await clock.advance(MINUTE);
    assert.deepEqual([first.state, second.state, server.queue.length], ['online', 'waiting', 0]);
    for (const visit of shown) visit.stop();
    await clock.advance(MINUTE);
    assert.deepEqual([second.state, server.activities.get('lecture').queue], ['waiting', [second.id]]);
  });

  test('leave an offer in one to the person, also if the visit waits in the other', async () => {
    const { clock, server, others, devices } = await twoDevices();
    server.addActivity('lecture', 0);
    const phone = await wait(devices[1], { acceptOffers: false });
    const lecture = await wait(devices[0], { activity: 'lecture' });
    others[0].leave();
    await clock.advance(1_000);
    const laptop = await wait(devices[0], { acceptOffers: false });
    await clock.advance(5_000);
    assert.deepEqual([phone.state, laptop.state, laptop.offer !== null, lecture.id], ['offered', 'offered', true, laptop.id]);
    assert.equal(server.hasSeat(laptop.id), false);
    await laptop.enter();
    assert.deepEqual([laptop.state, server.hasSeat(laptop.id)], ['admitted', true]);
  });
});

describe('a page on which visits need no token', () => {
  test('ends the anonymous visit when somebody signs in', async () => {
    const { clock, open, server } = await scene({ taken: 0 });
    server.allowsAnonymous = true;
    const tab = open();
    const ann = await wait(tab);
    const first = ann.id;
    tab.configure({ token: () => null });
    await clock.advance(5_000);
    const anonymous = ann.id;
    assert.notEqual(anonymous, first);
    assert.deepEqual([ann.state, ann.lostReason, Boolean(ann.secret)], ['lost', 'person', true]);
    tab.configure({ token: () => 'ann' });
    await clock.advance(5_000);
    assert.deepEqual([server.visits.get(anonymous).isCompleted, server.visits.get(ann.id).person, ann.secret], [true, 'ann', undefined]);
    // The seat that she has with the first visit shows again, and she leaves it with all tabs.
    assert.deepEqual([ann.state, server.hasSeat(first), server.taken], ['admitted', true, 1]);
    const other = await wait(openTab(server, { clock, channels: tab.channels }));
    await other.leave();
    await clock.advance(1_000);
    assert.deepEqual([ann.state, server.taken], ['online', 0]);
  });

  test('keeps the seat or place of an anonymous visit until that ends', async () => {
    for (const taken of [0, 1]) {
      const { clock, open, server } = await scene({ taken });
      server.allowsAnonymous = true;
      const tab = open(null);
      const visit = await wait(tab);
      const anonymous = visit.id;
      const state = taken ? 'waiting' : 'admitted';
      assert.equal(visit.state, state);
      tab.configure({ token: () => 'ann' });
      await clock.advance(MINUTE);
      assert.deepEqual([visit.state, visit.id], [state, anonymous]);
      await visit.leave();
      await clock.advance(MINUTE);
      assert.deepEqual([server.visits.get(anonymous).isCompleted, server.visits.get(visit.id).person], [true, 'ann']);
      assert.deepEqual([server.taken, server.queue], [taken, []]);
    }
  });
});

async function twoDevices(options) {
  const { clock, server, open, others } = await scene(options);
  return { clock, server, open, others, devices: [1, 2].map(() => openTab(server, { clock, channels: new Channels() })) };
}
