-- SPDX-License-Identifier: Apache-2.0
-- A responder pressed the SOS button of a phone or a car. Never closed by the device: a press by mistake is found out by who gets there.
INSERT INTO intake.playbook (code, version, note, definition) VALUES ('responder_sos', 1, 'as delivered', $json$
{
  "name_zh": "力量一键求助",
  "name_en": "Responder in danger (SOS button)",
  "grade": 1,
  "violent": true,
  "merge_radius_m": 100,
  "merge_minutes": 30,
  "merge_types": ["missing_guard"],
  "slots": [
    {"code": "guard_look", "force": "guard", "count": 2, "skills": [], "within_minutes": 5},
    {"code": "police_pair", "force": "police", "count": 2, "skills": [], "within_minutes": 5}
  ],
  "rungs": [
    {"minute": 1, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard"], "step_up": "widen"},
    {"minute": 3, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard", "patrol"], "step_up": "widen"},
    {"minute": 5, "clock_start": "reported", "clock_stop": "first_police", "forces": ["police"], "step_up": "call_police"}
  ],
  "cards": [
    {"force": "police",
     "do_zh": ["立即前往最后位置,评估风险", "边走边呼叫求助人", "视情增援"],
     "do_en": ["Go to the last place at once; judge the risk", "Call the person on the way", "Ask for support as needed"],
     "never_zh": ["不得向无关单位透露当事人身份"],
     "never_en": ["Never tell the identity of those concerned to parties not involved"]},
    {"force": "guard",
     "do_zh": ["两人同行,到最后位置查看", "呼叫对讲机和电话", "如有人受伤,在能力范围内急救", "有危险迹象即退到安全处并报告", "到场后一键报到,有变化立即报告"],
     "do_en": ["Go in twos to the last known place", "Call by radio and telephone", "Give first aid within your training", "At any sign of danger withdraw and report", "Report arrival with one tap and any change at once"],
     "never_zh": ["不得限制任何人的人身自由", "不得搜身、盘问,不得扣押证件或物品", "不得动手、不得追赶", "不得拍摄或外传当事人影像、姓名"],
     "never_en": ["Never restrict anybody's freedom", "Never search or question a person, never take papers or things", "Never use force, never give chase", "Never film or pass on pictures or names of those concerned"]}
  ],
  "linked": [],
  "facts": ["found", "injured", "attacker", "false_press"],
  "offer_seconds": 20,
  "dispatch": true
}
$json$);
