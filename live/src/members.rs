//! The members of a group: its live subscriptions. Finds the members that see a change, and delivers to them.

use std::{collections::HashMap, sync::Arc};

use domain::{
    ids::PersonId,
    news::{Narrowing, Position, View},
};

use super::{
    feed::LiveEvent,
    follower::Routed,
    mailbox::{CloseReason, Coalescing, Content, Mailbox, OperationNumber, QueuedMessage},
    topics::Topics,
};

#[derive(Default)]
pub(super) struct Members {
    slots: Vec<Option<Member>>,
    free: Vec<u32>,
    topics: Topics<u32>,
    /// Each narrowing of a member, and how many members share it. Most members of a large group have the same.
    narrowings: HashMap<Arc<Narrowing>, u32>,
}

pub(super) struct Member {
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) operation: OperationNumber,
    /// The position at which it joined. It receives only later changes.
    pub(super) joined: Position,
    pub(super) narrowing: Arc<Narrowing>,
}

impl Members {
    pub(super) fn add(
        &mut self,
        mailbox: Arc<Mailbox>,
        operation: OperationNumber,
        joined: Position,
        narrowing: &Narrowing,
    ) -> u32 {
        let member = Member { mailbox, operation, joined, narrowing: self.share(narrowing) };
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        self.topics.add(&member.narrowing, slot);
        if let Some(entry) = self.slots.get_mut(slot as usize) {
            *entry = Some(member);
        }
        slot
    }

    pub(super) fn remove(&mut self, slot: u32) -> Option<Member> {
        let member = self.slots.get_mut(slot as usize)?.take()?;
        self.topics.remove(&member.narrowing, slot);
        self.free.push(slot);
        if let Some(members) = self.narrowings.get_mut(&member.narrowing) {
            *members -= 1;
            if *members == 0 {
                self.narrowings.remove(&member.narrowing);
            }
        }
        Some(member)
    }

    /// A narrowing for one more member.
    fn share(&mut self, narrowing: &Narrowing) -> Arc<Narrowing> {
        let shared = self.narrowings.get_key_value(narrowing).map(|(shared, _)| Arc::clone(shared));
        let shared = shared.unwrap_or_else(|| Arc::new(narrowing.clone()));
        *self.narrowings.entry(Arc::clone(&shared)).or_default() += 1;
        shared
    }

    /// The members that see the change, grouped by how they see it: the same change may activate a session for one member
    /// and update it for another.
    pub(super) fn group_by_view(&self, routed: &Routed, person: Option<PersonId>) -> Vec<(View, Vec<u32>)> {
        let change = &routed.change;
        let mut found = Vec::new();
        match person {
            Some(person) => found.extend(self.topics.of_person(person)),
            None => self.topics.find(&change.event, &mut found),
        }
        let mut variants: Vec<(View, Vec<u32>)> = Vec::new();
        for slot in found {
            let Some(Some(member)) = self.slots.get(slot as usize) else { continue };
            if change.position <= member.joined {
                continue;
            }
            let Some(view) = member.narrowing.sees(change, routed.person_at) else { continue };
            match variants.iter_mut().find(|(other, _)| *other == view) {
                Some((_, members)) => members.push(slot),
                None => variants.push((view, vec![slot])),
            }
        }
        variants
    }

    /// Pushes the text to the members in these slots, and returns how many mailboxes took it. A slot may have got a new
    /// member since it was found. That member joined at or after the event's position, so it is skipped.
    pub(super) fn deliver(&self, slots: &[u32], event: &LiveEvent, text: &Arc<str>) -> u64 {
        let (position, coalescing) = (event.change.position, Coalescing::event(event));
        let members = slots.iter().filter_map(|slot| self.slots.get(*slot as usize)?.as_ref());
        let pushed = members.filter(|member| {
            let message =
                || QueuedMessage { operation: member.operation, coalescing, content: Content::Next(Arc::clone(text)) };
            position > member.joined && member.mailbox.push(message())
        });
        pushed.count() as u64
    }

    pub(super) fn close(&self) {
        for member in self.slots.iter().flatten() {
            member.mailbox.close(CloseReason::Behind);
        }
    }
}
