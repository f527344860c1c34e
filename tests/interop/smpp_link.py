#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Short messages against an SMS centre made of npm smpp: silence of a device leads to a message, its receipt ends it, and everything else to an escalation."""
import os
import time

from notifier_world import AREA, World, message, new_id, wait_for

SETTINGS = {
    "receipt_seconds": 1,
    "sms_receipt_seconds": 4,
    "smpp_enquire_ms": 400,
    "smpp_response_ms": 1500,
    "smpp_system_id": "genxi",
}
WAITING, SENT, RECEIPTED, FAILED, CANCELLED = 1, 2, 3, 4, 6
ACCEPTED = 2


class Offer:
    """An offer to a responder of its own whose device is silent."""

    def __init__(self, world, phone="+8613800000000", exercise=False, seconds=60):
        self.world, self.id, self.incident, self.responder, self.org = world, new_id(), new_id(), new_id(), new_id()
        self.phone, self.exercise = phone, exercise
        self.number = "530112-20261124-000007"
        self.until = int((time.time() + seconds) * 1000)
        world.responder(self.responder, self.org, phone)
        world.event(350, message({1: self.packed(1)}), self.incident, [self.org], exercise)

    def packed(self, state):
        return message({1: self.id, 2: self.incident, 3: self.number, 4: AREA, 5: self.responder, 6: self.org, 7: "guard_cordon", 8: state, 9: self.until - 60000,
                        10: self.until, 11: "jump_threat", 12: 1, 13: 102.6, 14: 24.9, 16: 60, 19: int(self.exercise)})

    def end(self, state):
        self.world.event(351, message({1: self.packed(state)}), self.incident, [self.org], self.exercise)

    def sms(self):
        return self.world.one("SELECT state FROM notifier.delivery WHERE offer_id = %s AND channel = 3", self.id)

    def stream(self):
        return self.world.one("SELECT state FROM notifier.delivery WHERE offer_id = %s AND channel = 1", self.id)

    def escalations(self):
        return [row[0] for row in self.world.sql("SELECT reason FROM notifier.escalation WHERE subject_id = %s", self.incident)]

    def told(self):
        return self.world.one("SELECT count(*) FROM journal.event WHERE subject = %s AND type = 452", self.incident)


def silence_leads_to_a_message(world, centre):
    offer = Offer(world)
    world.that(wait_for(lambda: offer.sms() == RECEIPTED), "silence leads to a short message, and its receipt is seen")
    world.that(offer.stream() == FAILED and offer.escalations() == [], "the stream has failed, nobody is alarmed")
    (sent,) = centre.all("submit", to="8613800000000") or [{}]
    world.that(sent.get("text") == f"根系: 有新任务 {offer.number}, 请打开应用" and sent.get("data_coding") == 8, f"its text says no more than the number: {sent.get('text')}")
    world.that(sent.get("registered") == 1 and sent.get("from") == "110", "a receipt is asked for")
    world.that(wait_for(lambda: centre.all("receipt", id=sent.get("id"), status=0)), "the receipt is answered")
    changed = world.one("SELECT count(*) FROM journal.event WHERE subject = %s AND type = 450", offer.incident)
    world.that(changed == 3, f"delivery.changed for stream failed, sent, receipted: {changed}")


def receipts_in_other_forms(world, centre):
    for form in ("text", "decimal"):
        centre.tell(receipts=form)
        offer = Offer(world)
        world.that(wait_for(lambda: offer.sms() == RECEIPTED), f"a receipt by {form} finds its message")
    centre.tell(receipts="tlv", state="UNDELIV")
    offer = Offer(world)
    world.that(wait_for(lambda: offer.sms() == FAILED and offer.escalations() == ["sms_failed"]), "an undeliverable message escalates at once")
    world.that(offer.told() == 1, "and is told once")
    centre.tell(receipts="none", state="DELIVRD")
    offer = Offer(world)
    world.that(wait_for(lambda: offer.escalations() == ["sms_without_receipt"]), "no receipt in its time escalates")
    centre.tell(receipts="tlv")


def acknowledged_first_means_none_sent(world, centre):
    before = len(centre.all("submit"))
    offer = Offer(world)
    offer.end(ACCEPTED)
    world.that(wait_for(lambda: offer.stream() == RECEIPTED), "who accepts has it")
    time.sleep(1.6)
    world.that(offer.sms() is None and len(centre.all("submit")) == before, "no message after the acknowledgement")
    centre.tell(throttle=1000)
    waiting = Offer(world)
    wait_for(lambda: waiting.sms() == WAITING)
    wait_for(lambda: centre.all("throttled"))
    waiting.end(ACCEPTED)
    world.that(wait_for(lambda: waiting.sms() == CANCELLED), "one that waits is cancelled by the acknowledgement")
    centre.tell(throttle=0)
    time.sleep(1.5)
    world.that(len(centre.all("submit")) == before and waiting.escalations() == [], "and never sent")


def throttled_and_refused(world, centre):
    time.sleep(4)  # let the pause of the throttling before pass
    centre.tell(throttle=1)
    offer = Offer(world)
    world.that(wait_for(lambda: offer.sms() == RECEIPTED, 20), "a throttled message is sent again after a pause")
    centre.tell(status=0x0B)
    refused = Offer(world)
    world.that(wait_for(lambda: refused.sms() == FAILED and refused.escalations() == ["sms_failed"]), "a refused one escalates")
    centre.tell(status=0)


def nobody_to_send_to(world, centre):
    offer = Offer(world, phone=None)
    world.that(wait_for(lambda: offer.escalations() == ["no_phone"]), "without a phone it is escalated")
    drill = Offer(world, exercise=True)
    world.that(wait_for(lambda: drill.escalations() == ["exercise_without_sms"]) and drill.sms() is None, "a drill sends no message")
    over = Offer(world, seconds=0)
    time.sleep(1.6)
    world.that(over.escalations() == [] and over.sms() is None, "an offer that is over is of no interest")


def link_is_kept_and_made_again(world, centre):
    world.that(wait_for(lambda: centre.all("enquire")), "enquire_link is sent")
    centre.tell(enquire=True)
    world.that(wait_for(lambda: centre.all("enquired", status=0)), "and answered")
    centre.tell(incoming="我在路上")
    world.that(wait_for(lambda: centre.all("incoming", status=0)), "a message from a phone is answered")
    binds = len(centre.all("bound"))
    centre.tell(close=True)
    world.that(wait_for(lambda: len(centre.all("bound")) > binds), "a lost link is made again")
    binds = len(centre.all("bound"))
    centre.tell(mute=True)
    offer = Offer(world)
    world.that(wait_for(lambda: len(centre.all("bound")) > binds, 20), "so is one that is mute")
    centre.tell(mute=False)
    world.that(wait_for(lambda: offer.sms() == RECEIPTED, 30), "and the message without an answer is sent again")


def main():
    world = World()
    try:
        with open(f"{world.dir}/password", "w", encoding="utf-8") as file:
            file.write("geheim7\n")
        world.registry()
        centre = world.program("smpp_centre.js", "--system-id", "genxi", "--password", "geheim7")
        address = f"127.0.0.1:{centre.port}"
        wrong = world.notifier("wrong", **SETTINGS, smpp_address=address)
        world.that(wait_for(lambda: centre.all("refused")), "without the password the centre refuses")
        world.end(wrong)
        world.notifier(**SETTINGS, smpp_address=address, smpp_password_file=f"{world.dir}/password")
        world.that(wait_for(lambda: centre.all("bound", system_id="genxi", version=0x34)), "bound as a transceiver of 3.4")
        silence_leads_to_a_message(world, centre)
        receipts_in_other_forms(world, centre)
        nobody_to_send_to(world, centre)
        acknowledged_first_means_none_sent(world, centre)
        throttled_and_refused(world, centre)
        link_is_kept_and_made_again(world, centre)
        world.that(world.one("SELECT count(*) FROM journal.poison") == 0, "no event was set aside")
        logs = "".join(open(f"{world.dir}/{name}.log", encoding="utf-8").read() for name in ("notifier", "readiness", "broker"))
        world.that("13800000000" not in logs and "geheim7" not in logs and os.path.getsize(f"{world.dir}/notifier.log") > 0, "the logs hold neither phones nor the password")
        kept = world.one("SELECT count(*) FROM notifier.delivery WHERE phone IS NOT NULL AND state <> 1")
        world.that(kept == 0, "no phone is kept of a message that no longer waits")
    except Exception as error:  # the end below stops what runs
        world.that(False, repr(error))
    world.close()


main()
