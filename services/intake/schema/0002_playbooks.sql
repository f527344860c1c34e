-- SPDX-License-Identifier: Apache-2.0
-- The first version of each playbook. A city changes one by inserting a row with the next version (the newest active version that keeps
-- the rules of playbook.c counts at once, without a restart); an incident names the version it was opened with.
-- Cards keep to what the law allows each force: guards, patrols and volunteers observe, warn, evacuate, guide, give first aid and preserve the scene.

INSERT INTO intake.playbook (code, version, note, definition) VALUES ('jump_threat', 1, 'as delivered', $json$
{
  "name_zh": "扬言跳楼",
  "name_en": "Threat to jump",
  "grade": 1,
  "violent": true,
  "merge_radius_m": 150,
  "merge_minutes": 120,
  "merge_types": ["crowd", "dispute", "other"],
  "slots": [
    {"code": "police_pair", "force": "police", "count": 2, "skills": [], "within_minutes": 5},
    {"code": "guard_cordon", "force": "guard", "count": 2, "skills": [], "within_minutes": 3}
  ],
  "rungs": [
    {"minute": 1, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard"], "step_up": "widen"},
    {"minute": 3, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard", "patrol"], "step_up": "widen"},
    {"minute": 5, "clock_start": "reported", "clock_stop": "first_police", "forces": ["police"], "step_up": "call_police"}
  ],
  "cards": [
    {"force": "police",
     "do_zh": ["接管指挥,与当事人沟通", "部署气垫、救护位置,联系家属", "核实诉求,通知街道和相关部门"],
     "do_en": ["Take command and talk with the person", "Place air cushion and ambulance; reach the family", "Establish the grievance; bring in the sub-district and the offices concerned"],
     "never_zh": ["不得向无关单位透露当事人身份"],
     "never_en": ["Never tell the identity of those concerned to parties not involved"]},
    {"force": "guard",
     "do_zh": ["隔开人群,不刺激、不喊话", "守住电梯,备好天台钥匙", "清空楼下落点周围,留出救援场地", "在约定大门接应民警并带路", "到场后一键报到,有变化立即报告"],
     "do_en": ["Keep people apart; do not provoke, do not shout", "Hold the lift and have the roof key ready", "Clear the ground below and leave room for rescue", "Meet the police at the agreed gate and guide them", "Report arrival with one tap and any change at once"],
     "never_zh": ["不得限制任何人的人身自由", "不得搜身、盘问,不得扣押证件或物品", "不得动手、不得追赶", "不得拍摄或外传当事人影像、姓名"],
     "never_en": ["Never restrict anybody's freedom", "Never search or question a person, never take papers or things", "Never use force, never give chase", "Never film or pass on pictures or names of those concerned"]}
  ],
  "linked": ["fire", "ambulance", "subdistrict"],
  "facts": ["height", "alone", "tool", "language", "injured"],
  "offer_seconds": 20,
  "dispatch": true
}
$json$);

INSERT INTO intake.playbook (code, version, note, definition) VALUES ('suspicious_activity', 1, 'as delivered', $json$
{
  "name_zh": "可疑情况",
  "name_en": "Suspicious activity",
  "grade": 3,
  "violent": false,
  "merge_radius_m": 100,
  "merge_minutes": 60,
  "merge_types": ["other"],
  "slots": [
    {"code": "police_check", "force": "police", "count": 1, "skills": [], "within_minutes": 10},
    {"code": "patrol_watch", "force": "patrol", "count": 1, "skills": [], "within_minutes": 5}
  ],
  "rungs": [
    {"minute": 1, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard", "patrol"], "step_up": "widen"},
    {"minute": 3, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard", "patrol"], "step_up": "widen"},
    {"minute": 5, "clock_start": "reported", "clock_stop": "first_police", "forces": ["police"], "step_up": "call_police"}
  ],
  "cards": [
    {"force": "police",
     "do_zh": ["依法核查,视情增援", "反馈属实或不属实"],
     "do_en": ["Check by law; ask for support as needed", "Report founded or unfounded"],
     "never_zh": ["不得向无关单位透露当事人身份"],
     "never_en": ["Never tell the identity of those concerned to parties not involved"]},
    {"force": "patrol",
     "do_zh": ["保持距离,只看不跟", "在安全距离观察,记下时间、人数、去向", "为民警带路"],
     "do_en": ["Keep your distance; look, do not follow", "Observe from a safe distance; note time, number, direction", "Guide the police"],
     "never_zh": ["不得限制任何人的人身自由", "不得搜身、盘问,不得扣押证件或物品", "不得动手、不得追赶", "不得拍摄或外传当事人影像、姓名", "不得进入住户室内"],
     "never_en": ["Never restrict anybody's freedom", "Never search or question a person, never take papers or things", "Never use force, never give chase", "Never film or pass on pictures or names of those concerned", "Never enter a home"]},
    {"force": "guard",
     "do_zh": ["在安全距离观察,记下时间、人数、去向", "到大门接应民警,带路到现场", "到场后一键报到,有变化立即报告"],
     "do_en": ["Observe from a safe distance; note time, number, direction", "Meet the police at the gate and guide them to the scene", "Report arrival with one tap and any change at once"],
     "never_zh": ["不得限制任何人的人身自由", "不得搜身、盘问,不得扣押证件或物品", "不得动手、不得追赶", "不得拍摄或外传当事人影像、姓名"],
     "never_en": ["Never restrict anybody's freedom", "Never search or question a person, never take papers or things", "Never use force, never give chase", "Never film or pass on pictures or names of those concerned"]}
  ],
  "linked": [],
  "facts": ["still_there", "number_of_people", "vehicle", "direction"],
  "offer_seconds": 30,
  "dispatch": true
}
$json$);

-- What a tip becomes when the station opens it: officers alone, and no other report joins it, so that who gave the tip learns nothing.
INSERT INTO intake.playbook (code, version, note, definition) VALUES ('tip_check', 1, 'as delivered', $json$
{
  "name_zh": "线索核查",
  "name_en": "Check of a tip",
  "grade": 3,
  "violent": false,
  "merge_radius_m": 1,
  "merge_minutes": 1,
  "merge_types": [],
  "slots": [
    {"code": "police_check", "force": "police", "count": 1, "skills": [], "within_minutes": 10}
  ],
  "rungs": [
    {"minute": 5, "clock_start": "reported", "clock_stop": "first_police", "forces": ["police"], "step_up": "notify_duty"}
  ],
  "cards": [
    {"force": "police",
     "do_zh": ["依法核查,视情增援", "反馈属实或不属实"],
     "do_en": ["Check by law; ask for support as needed", "Report founded or unfounded"],
     "never_zh": ["不得透露线索来源", "不得向无关单位透露当事人身份"],
     "never_en": ["Never tell where the tip came from", "Never tell the identity of those concerned to parties not involved"]}
  ],
  "linked": [],
  "facts": ["still_there", "number_of_people", "vehicle", "direction"],
  "offer_seconds": 30,
  "dispatch": true
}
$json$);

INSERT INTO intake.playbook (code, version, note, definition) VALUES ('fight', 1, 'as delivered', $json$
{
  "name_zh": "打架斗殴",
  "name_en": "Fight",
  "grade": 2,
  "violent": true,
  "merge_radius_m": 120,
  "merge_minutes": 45,
  "merge_types": ["crowd", "dispute", "knife_at_school", "other"],
  "slots": [
    {"code": "police_pair", "force": "police", "count": 2, "skills": [], "within_minutes": 5},
    {"code": "guard_cordon", "force": "guard", "count": 2, "skills": [], "within_minutes": 3}
  ],
  "rungs": [
    {"minute": 1, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard"], "step_up": "widen"},
    {"minute": 3, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard", "patrol"], "step_up": "widen"},
    {"minute": 5, "clock_start": "reported", "clock_stop": "first_police", "forces": ["police"], "step_up": "call_police"}
  ],
  "cards": [
    {"force": "police",
     "do_zh": ["分开双方,控制现场", "查明有无器械、伤者", "固定证据,登记证人"],
     "do_en": ["Part the sides and secure the scene", "Establish weapons and injured", "Secure evidence and witnesses"],
     "never_zh": ["不得向无关单位透露当事人身份"],
     "never_en": ["Never tell the identity of those concerned to parties not involved"]},
    {"force": "guard",
     "do_zh": ["喊话劝离,提醒已报警", "疏导围观人员,保持通道畅通", "如有人受伤,在能力范围内急救", "到大门接应民警,带路到现场", "保护现场,不移动、不清扫任何物品"],
     "do_en": ["Call on them to stop and say that police are coming", "Move onlookers back and keep the way clear", "Give first aid within your training", "Meet the police at the gate and guide them to the scene", "Preserve the scene: move and clean nothing"],
     "never_zh": ["不得限制任何人的人身自由", "不得搜身、盘问,不得扣押证件或物品", "不得动手、不得追赶", "不得拍摄或外传当事人影像、姓名"],
     "never_en": ["Never restrict anybody's freedom", "Never search or question a person, never take papers or things", "Never use force, never give chase", "Never film or pass on pictures or names of those concerned"]}
  ],
  "linked": ["ambulance"],
  "facts": ["number_of_people", "weapon", "injured", "ended"],
  "offer_seconds": 30,
  "dispatch": true
}
$json$);

INSERT INTO intake.playbook (code, version, note, definition) VALUES ('knife_at_school', 1, 'as delivered', $json$
{
  "name_zh": "校园持刀",
  "name_en": "Person with a knife at a school",
  "grade": 1,
  "violent": true,
  "merge_radius_m": 250,
  "merge_minutes": 60,
  "merge_types": ["fight", "other"],
  "slots": [
    {"code": "police_first", "force": "police", "count": 2, "skills": [], "within_minutes": 3},
    {"code": "police_second", "force": "police", "count": 2, "skills": [], "within_minutes": 8},
    {"code": "guard_gate", "force": "guard", "count": 2, "skills": [], "within_minutes": 2}
  ],
  "rungs": [
    {"minute": 1, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard"], "step_up": "widen"},
    {"minute": 3, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard", "patrol"], "step_up": "widen"},
    {"minute": 5, "clock_start": "reported", "clock_stop": "first_police", "forces": ["police"], "step_up": "call_police"}
  ],
  "cards": [
    {"force": "police",
     "do_zh": ["先到先处置,制止侵害", "接管指挥,分区搜控", "引导救护,清点师生"],
     "do_en": ["First to arrive acts: stop the attack", "Take command; secure zone by zone", "Bring in the ambulance; have pupils and staff counted"],
     "never_zh": ["不得向无关单位透露当事人身份"],
     "never_en": ["Never tell the identity of those concerned to parties not involved"]},
    {"force": "guard",
     "do_zh": ["关闭校门和通道门,师生就近避险", "持盾、叉保持距离,把人与师生隔开", "疏散可安全撤离的师生", "如有人受伤,在能力范围内急救", "到大门接应民警,带路到现场", "到场后一键报到,有变化立即报告"],
     "do_en": ["Close gates and passage doors; pupils and staff shelter where they are", "With shield and fork keep a distance between the person and the pupils", "Evacuate those who can leave safely", "Give first aid within your training", "Meet the police at the gate and guide them to the scene", "Report arrival with one tap and any change at once"],
     "never_zh": ["不得限制任何人的人身自由", "不得搜身、盘问,不得扣押证件或物品", "不得动手、不得追赶", "不得拍摄或外传当事人影像、姓名"],
     "never_en": ["Never restrict anybody's freedom", "Never search or question a person, never take papers or things", "Never use force, never give chase", "Never film or pass on pictures or names of those concerned"]}
  ],
  "linked": ["ambulance", "fire", "subdistrict"],
  "facts": ["place_in_school", "weapon", "injured", "doors_closed", "number_of_people"],
  "offer_seconds": 15,
  "dispatch": true
}
$json$);

INSERT INTO intake.playbook (code, version, note, definition) VALUES ('lost_person', 1, 'as delivered', $json$
{
  "name_zh": "走失人员",
  "name_en": "Lost person",
  "grade": 3,
  "violent": false,
  "merge_radius_m": 400,
  "merge_minutes": 240,
  "merge_types": ["other"],
  "slots": [
    {"code": "police_lead", "force": "police", "count": 1, "skills": [], "within_minutes": 15},
    {"code": "guard_look", "force": "guard", "count": 2, "skills": [], "within_minutes": 10},
    {"code": "patrol_look", "force": "patrol", "count": 1, "skills": [], "within_minutes": 10},
    {"code": "volunteer_look", "force": "volunteer", "count": 3, "skills": [], "within_minutes": 15}
  ],
  "rungs": [
    {"minute": 1, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard", "volunteer"], "step_up": "widen"},
    {"minute": 3, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard", "patrol", "volunteer"], "step_up": "widen"},
    {"minute": 5, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard", "patrol", "police"], "step_up": "notify_duty"}
  ],
  "cards": [
    {"force": "police",
     "do_zh": ["核实身份和最后地点,划片查找", "联系家属、医院、救助站"],
     "do_en": ["Establish identity and last place; divide the area", "Reach family, hospitals, shelters"],
     "never_zh": ["不得向无关单位透露当事人身份"],
     "never_en": ["Never tell the identity of those concerned to parties not involved"]},
    {"force": "guard",
     "do_zh": ["查看出入口、电梯、楼梯间、水边", "调看本单位监控,只向民警说明", "到场后一键报到,有变化立即报告"],
     "do_en": ["Look at entrances, lifts, stairs, the waterside", "Look at the site's own video; tell only the police", "Report arrival with one tap and any change at once"],
     "never_zh": ["不得限制任何人的人身自由", "不得搜身、盘问,不得扣押证件或物品", "不得动手、不得追赶", "不得拍摄或外传当事人影像、姓名"],
     "never_en": ["Never restrict anybody's freedom", "Never search or question a person, never take papers or things", "Never use force, never give chase", "Never film or pass on pictures or names of those concerned"]},
    {"force": "patrol",
     "do_zh": ["沿分配路线查看", "发现后陪同等候,安抚情绪", "到场后一键报到,有变化立即报告"],
     "do_en": ["Look along the route given", "When found: stay with the person and calm", "Report arrival with one tap and any change at once"],
     "never_zh": ["不得限制任何人的人身自由", "不得搜身、盘问,不得扣押证件或物品", "不得动手、不得追赶", "不得拍摄或外传当事人影像、姓名", "不得进入住户室内"],
     "never_en": ["Never restrict anybody's freedom", "Never search or question a person, never take papers or things", "Never use force, never give chase", "Never film or pass on pictures or names of those concerned", "Never enter a home"]},
    {"force": "volunteer",
     "do_zh": ["结伴在分配片区查看、询问商户", "发现后陪同等候,通知民警", "到场后一键报到,有变化立即报告"],
     "do_en": ["In pairs, look around the area given and ask at shops", "When found: stay with the person and call the police", "Report arrival with one tap and any change at once"],
     "never_zh": ["不得靠近有暴力或持械的人", "不得限制任何人的人身自由,不得搜身、盘问", "不得拍摄或外传当事人影像、姓名"],
     "never_en": ["Never go near violence or a weapon", "Never restrict, search or question anybody", "Never film or pass on pictures or names"]}
  ],
  "linked": ["subdistrict", "community"],
  "facts": ["last_seen", "clothing", "age", "ill"],
  "offer_seconds": 45,
  "dispatch": true
}
$json$);

INSERT INTO intake.playbook (code, version, note, definition) VALUES ('theft_in_progress', 1, 'as delivered', $json$
{
  "name_zh": "正在盗窃",
  "name_en": "Theft in progress",
  "grade": 2,
  "violent": true,
  "merge_radius_m": 120,
  "merge_minutes": 30,
  "merge_types": ["suspicious_activity", "burglar_alarm", "other"],
  "slots": [
    {"code": "police_pair", "force": "police", "count": 2, "skills": [], "within_minutes": 5},
    {"code": "guard_watch", "force": "guard", "count": 2, "skills": [], "within_minutes": 3}
  ],
  "rungs": [
    {"minute": 1, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard"], "step_up": "widen"},
    {"minute": 3, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard", "patrol"], "step_up": "widen"},
    {"minute": 5, "clock_start": "reported", "clock_stop": "first_police", "forces": ["police"], "step_up": "call_police"}
  ],
  "cards": [
    {"force": "police",
     "do_zh": ["依法处置,封控出入口", "固定证据,核对失物"],
     "do_en": ["Act by law; hold the exits", "Secure evidence; list what is missing"],
     "never_zh": ["不得向无关单位透露当事人身份"],
     "never_en": ["Never tell the identity of those concerned to parties not involved"]},
    {"force": "guard",
     "do_zh": ["在安全距离观察,记下时间、人数、去向", "关闭可关闭的车辆出入口,提醒周围人员", "到大门接应民警,带路到现场", "保护现场,不移动、不清扫任何物品", "到场后一键报到,有变化立即报告"],
     "do_en": ["Observe from a safe distance; note time, number, direction", "Close vehicle gates that may be closed; warn people around", "Meet the police at the gate and guide them to the scene", "Preserve the scene: move and clean nothing", "Report arrival with one tap and any change at once"],
     "never_zh": ["不得限制任何人的人身自由", "不得搜身、盘问,不得扣押证件或物品", "不得动手、不得追赶", "不得拍摄或外传当事人影像、姓名"],
     "never_en": ["Never restrict anybody's freedom", "Never search or question a person, never take papers or things", "Never use force, never give chase", "Never film or pass on pictures or names of those concerned"]}
  ],
  "linked": [],
  "facts": ["number_of_people", "weapon", "vehicle", "direction", "still_there"],
  "offer_seconds": 20,
  "dispatch": true
}
$json$);

INSERT INTO intake.playbook (code, version, note, definition) VALUES ('dispute', 1, 'as delivered', $json$
{
  "name_zh": "纠纷",
  "name_en": "Dispute",
  "grade": 3,
  "violent": false,
  "merge_radius_m": 80,
  "merge_minutes": 60,
  "merge_types": ["fight", "crowd", "other"],
  "slots": [
    {"code": "police_mediator", "force": "police", "count": 1, "skills": [], "within_minutes": 10},
    {"code": "guard_calm", "force": "guard", "count": 1, "skills": [], "within_minutes": 5}
  ],
  "rungs": [
    {"minute": 1, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard"], "step_up": "widen"},
    {"minute": 3, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard", "patrol"], "step_up": "widen"},
    {"minute": 5, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard", "patrol", "police"], "step_up": "notify_duty"}
  ],
  "cards": [
    {"force": "police",
     "do_zh": ["分开双方,分别听取", "能调解的当场调解,登记跟进"],
     "do_en": ["Part the sides and hear each", "Mediate on the spot where possible; note what follows"],
     "never_zh": ["不得向无关单位透露当事人身份"],
     "never_en": ["Never tell the identity of those concerned to parties not involved"]},
    {"force": "guard",
     "do_zh": ["劝导冷静,把双方隔开", "疏导围观人员,保持通道畅通", "到大门接应民警,带路到现场", "到场后一键报到,有变化立即报告"],
     "do_en": ["Calm both and keep them apart", "Move onlookers back and keep the way clear", "Meet the police at the gate and guide them to the scene", "Report arrival with one tap and any change at once"],
     "never_zh": ["不得限制任何人的人身自由", "不得搜身、盘问,不得扣押证件或物品", "不得动手、不得追赶", "不得拍摄或外传当事人影像、姓名"],
     "never_en": ["Never restrict anybody's freedom", "Never search or question a person, never take papers or things", "Never use force, never give chase", "Never film or pass on pictures or names of those concerned"]}
  ],
  "linked": ["subdistrict"],
  "facts": ["number_of_people", "weapon", "injured", "cause"],
  "offer_seconds": 45,
  "dispatch": true
}
$json$);

INSERT INTO intake.playbook (code, version, note, definition) VALUES ('fire_first_response', 1, 'as delivered', $json$
{
  "name_zh": "火情先期处置",
  "name_en": "Fire, first response",
  "grade": 1,
  "violent": false,
  "merge_radius_m": 200,
  "merge_minutes": 90,
  "merge_types": ["medical_emergency", "crowd", "other"],
  "slots": [
    {"code": "guard_evacuate", "force": "guard", "count": 3, "skills": [], "within_minutes": 3},
    {"code": "patrol_road", "force": "patrol", "count": 1, "skills": [], "within_minutes": 5},
    {"code": "police_cordon", "force": "police", "count": 1, "skills": [], "within_minutes": 8}
  ],
  "rungs": [
    {"minute": 1, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard"], "step_up": "widen"},
    {"minute": 3, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard", "patrol"], "step_up": "widen"},
    {"minute": 5, "clock_start": "reported", "clock_stop": "first_police", "forces": ["police"], "step_up": "call_police"}
  ],
  "cards": [
    {"force": "police",
     "do_zh": ["外围警戒,疏导交通", "协助消防清点人员"],
     "do_en": ["Cordon and keep traffic away", "Help the fire brigade to count people"],
     "never_zh": ["不得向无关单位透露当事人身份"],
     "never_en": ["Never tell the identity of those concerned to parties not involved"]},
    {"force": "guard",
     "do_zh": ["确认已拨打119", "组织人员走楼梯疏散,不乘电梯", "初起小火且有退路时使用灭火器", "打开消防通道,到路口接应消防车", "如有人受伤,在能力范围内急救", "到场后一键报到,有变化立即报告"],
     "do_en": ["Make sure that 119 was called", "Evacuate by the stairs, never by lift", "Use an extinguisher only on a small fire with a way out behind you", "Open the fire lane and meet the engines at the corner", "Give first aid within your training", "Report arrival with one tap and any change at once"],
     "never_zh": ["不得限制任何人的人身自由", "不得搜身、盘问,不得扣押证件或物品", "不得动手、不得追赶", "不得拍摄或外传当事人影像、姓名"],
     "never_en": ["Never restrict anybody's freedom", "Never search or question a person, never take papers or things", "Never use force, never give chase", "Never film or pass on pictures or names of those concerned"]},
    {"force": "patrol",
     "do_zh": ["在路口疏导,为消防车让道", "疏导围观人员,保持通道畅通", "到场后一键报到,有变化立即报告"],
     "do_en": ["Keep the junction free for the engines", "Move onlookers back and keep the way clear", "Report arrival with one tap and any change at once"],
     "never_zh": ["不得限制任何人的人身自由", "不得搜身、盘问,不得扣押证件或物品", "不得动手、不得追赶", "不得拍摄或外传当事人影像、姓名", "不得进入住户室内"],
     "never_en": ["Never restrict anybody's freedom", "Never search or question a person, never take papers or things", "Never use force, never give chase", "Never film or pass on pictures or names of those concerned", "Never enter a home"]}
  ],
  "linked": ["fire", "ambulance", "subdistrict"],
  "facts": ["smoke", "trapped", "gas", "floor", "injured"],
  "offer_seconds": 20,
  "dispatch": true
}
$json$);

INSERT INTO intake.playbook (code, version, note, definition) VALUES ('crowd', 1, 'as delivered', $json$
{
  "name_zh": "人群聚集",
  "name_en": "Crowd",
  "grade": 2,
  "violent": false,
  "merge_radius_m": 250,
  "merge_minutes": 120,
  "merge_types": ["fight", "dispute", "other"],
  "slots": [
    {"code": "police_lead", "force": "police", "count": 2, "skills": [], "within_minutes": 8},
    {"code": "guard_flow", "force": "guard", "count": 3, "skills": [], "within_minutes": 5},
    {"code": "patrol_flow", "force": "patrol", "count": 2, "skills": [], "within_minutes": 8}
  ],
  "rungs": [
    {"minute": 1, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard"], "step_up": "widen"},
    {"minute": 3, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard", "patrol"], "step_up": "widen"},
    {"minute": 5, "clock_start": "reported", "clock_stop": "first_police", "forces": ["police"], "step_up": "call_police"}
  ],
  "cards": [
    {"force": "police",
     "do_zh": ["评估规模和风险,接管指挥", "分流、限流,必要时增援"],
     "do_en": ["Judge size and risk; take command", "Divide and limit the flow; ask for support"],
     "never_zh": ["不得向无关单位透露当事人身份"],
     "never_en": ["Never tell the identity of those concerned to parties not involved"]},
    {"force": "guard",
     "do_zh": ["打开备用出口,单向引导", "提醒拥挤风险,扶助跌倒者", "如有人受伤,在能力范围内急救", "到场后一键报到,有变化立即报告"],
     "do_en": ["Open spare exits; guide one way", "Warn of the crush; help who has fallen", "Give first aid within your training", "Report arrival with one tap and any change at once"],
     "never_zh": ["不得限制任何人的人身自由", "不得搜身、盘问,不得扣押证件或物品", "不得动手、不得追赶", "不得拍摄或外传当事人影像、姓名"],
     "never_en": ["Never restrict anybody's freedom", "Never search or question a person, never take papers or things", "Never use force, never give chase", "Never film or pass on pictures or names of those concerned"]},
    {"force": "patrol",
     "do_zh": ["在外围劝返后来人员", "疏导围观人员,保持通道畅通", "到场后一键报到,有变化立即报告"],
     "do_en": ["At the edge, ask newcomers to turn back", "Move onlookers back and keep the way clear", "Report arrival with one tap and any change at once"],
     "never_zh": ["不得限制任何人的人身自由", "不得搜身、盘问,不得扣押证件或物品", "不得动手、不得追赶", "不得拍摄或外传当事人影像、姓名", "不得进入住户室内"],
     "never_en": ["Never restrict anybody's freedom", "Never search or question a person, never take papers or things", "Never use force, never give chase", "Never film or pass on pictures or names of those concerned", "Never enter a home"]}
  ],
  "linked": ["subdistrict", "ambulance"],
  "facts": ["number_of_people", "blocked_exit", "injured", "mood"],
  "offer_seconds": 30,
  "dispatch": true
}
$json$);

INSERT INTO intake.playbook (code, version, note, definition) VALUES ('medical_emergency', 1, 'as delivered', $json$
{
  "name_zh": "医疗急救",
  "name_en": "Medical emergency",
  "grade": 1,
  "violent": false,
  "merge_radius_m": 80,
  "merge_minutes": 45,
  "merge_types": ["lost_person", "other"],
  "slots": [
    {"code": "guard_first_aid", "force": "guard", "count": 1, "skills": ["first_aid"], "within_minutes": 3},
    {"code": "volunteer_guide", "force": "volunteer", "count": 1, "skills": [], "within_minutes": 5},
    {"code": "police_support", "force": "police", "count": 1, "skills": [], "within_minutes": 10, "grade_max": 1}
  ],
  "rungs": [
    {"minute": 1, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard", "volunteer"], "step_up": "widen"},
    {"minute": 3, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard", "patrol", "volunteer"], "step_up": "widen"},
    {"minute": 5, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard", "patrol", "police"], "step_up": "notify_duty"}
  ],
  "cards": [
    {"force": "police",
     "do_zh": ["开辟救护通道", "核实身份,联系家属"],
     "do_en": ["Open a way for the ambulance", "Establish identity; reach the family"],
     "never_zh": ["不得向无关单位透露当事人身份"],
     "never_en": ["Never tell the identity of those concerned to parties not involved"]},
    {"force": "guard",
     "do_zh": ["确认已拨打120", "无呼吸立即心肺复苏,取AED", "到大门接应救护车", "到场后一键报到,有变化立即报告"],
     "do_en": ["Make sure that 120 was called", "No breathing: start CPR, fetch the AED", "Meet the ambulance at the gate", "Report arrival with one tap and any change at once"],
     "never_zh": ["不得限制任何人的人身自由", "不得搜身、盘问,不得扣押证件或物品", "不得动手、不得追赶", "不得拍摄或外传当事人影像、姓名"],
     "never_en": ["Never restrict anybody's freedom", "Never search or question a person, never take papers or things", "Never use force, never give chase", "Never film or pass on pictures or names of those concerned"]},
    {"force": "volunteer",
     "do_zh": ["到路口接应救护车", "取AED,疏导围观人员", "到场后一键报到,有变化立即报告"],
     "do_en": ["Meet the ambulance at the corner", "Fetch the AED; move onlookers back", "Report arrival with one tap and any change at once"],
     "never_zh": ["不得靠近有暴力或持械的人", "不得限制任何人的人身自由,不得搜身、盘问", "不得拍摄或外传当事人影像、姓名"],
     "never_en": ["Never go near violence or a weapon", "Never restrict, search or question anybody", "Never film or pass on pictures or names"]}
  ],
  "linked": ["ambulance"],
  "facts": ["conscious", "breathing", "bleeding", "number_of_people"],
  "offer_seconds": 15,
  "dispatch": true
}
$json$);

INSERT INTO intake.playbook (code, version, note, definition) VALUES ('burglar_alarm', 1, 'as delivered', $json$
{
  "name_zh": "入侵报警",
  "name_en": "Burglar alarm",
  "grade": 3,
  "violent": false,
  "merge_radius_m": 60,
  "merge_minutes": 30,
  "merge_types": ["theft_in_progress"],
  "slots": [
    {"code": "guard_verify", "force": "guard", "count": 1, "skills": [], "within_minutes": 5},
    {"code": "police_pair", "force": "police", "count": 2, "skills": [], "within_minutes": 8, "grade_max": 2}
  ],
  "rungs": [
    {"minute": 1, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard"], "step_up": "widen"},
    {"minute": 3, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard", "patrol"], "step_up": "widen"},
    {"minute": 5, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard", "patrol", "police"], "step_up": "notify_duty"}
  ],
  "cards": [
    {"force": "police",
     "do_zh": ["核查入侵痕迹,封控出入口", "联系单位负责人"],
     "do_en": ["Look for signs of entry; hold the exits", "Reach the keyholder"],
     "never_zh": ["不得向无关单位透露当事人身份"],
     "never_en": ["Never tell the identity of those concerned to parties not involved"]},
    {"force": "guard",
     "do_zh": ["在外围核实门窗、灯光、声响,不进入", "确认误报或真警,一键反馈", "有人入侵迹象即退到安全处,等候民警", "保护现场,不移动、不清扫任何物品", "到场后一键报到,有变化立即报告"],
     "do_en": ["Verify doors, windows, light and sound from outside; do not go in", "Say false or real with one tap", "At any sign of entry withdraw to safety and wait for the police", "Preserve the scene: move and clean nothing", "Report arrival with one tap and any change at once"],
     "never_zh": ["不得限制任何人的人身自由", "不得搜身、盘问,不得扣押证件或物品", "不得动手、不得追赶", "不得拍摄或外传当事人影像、姓名"],
     "never_en": ["Never restrict anybody's freedom", "Never search or question a person, never take papers or things", "Never use force, never give chase", "Never film or pass on pictures or names of those concerned"]}
  ],
  "linked": [],
  "facts": ["false_alarm", "door_open", "person_seen", "zone"],
  "offer_seconds": 30,
  "dispatch": true
}
$json$);

INSERT INTO intake.playbook (code, version, note, definition) VALUES ('traffic_block', 1, 'as delivered', $json$
{
  "name_zh": "道路拥堵",
  "name_en": "Road blocked",
  "grade": 4,
  "violent": false,
  "merge_radius_m": 200,
  "merge_minutes": 60,
  "merge_types": ["other"],
  "slots": [
    {"code": "police_traffic", "force": "police", "count": 1, "skills": [], "within_minutes": 15, "grade_max": 3},
    {"code": "patrol_road", "force": "patrol", "count": 1, "skills": [], "within_minutes": 10},
    {"code": "volunteer_guide", "force": "volunteer", "count": 1, "skills": [], "within_minutes": 15}
  ],
  "rungs": [
    {"minute": 1, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["patrol", "volunteer"], "step_up": "widen"},
    {"minute": 3, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard", "patrol", "volunteer"], "step_up": "widen"},
    {"minute": 5, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard", "patrol", "police"], "step_up": "notify_duty"}
  ],
  "cards": [
    {"force": "police",
     "do_zh": ["指挥疏导,通知清障", "有伤者通知120"],
     "do_en": ["Direct traffic; call recovery", "Injured: call 120"],
     "never_zh": ["不得向无关单位透露当事人身份"],
     "never_en": ["Never tell the identity of those concerned to parties not involved"]},
    {"force": "patrol",
     "do_zh": ["在安全处提醒后车绕行", "到场后一键报到,有变化立即报告"],
     "do_en": ["From a safe place warn and divert those behind", "Report arrival with one tap and any change at once"],
     "never_zh": ["不得限制任何人的人身自由", "不得搜身、盘问,不得扣押证件或物品", "不得动手、不得追赶", "不得拍摄或外传当事人影像、姓名", "不得进入住户室内"],
     "never_en": ["Never restrict anybody's freedom", "Never search or question a person, never take papers or things", "Never use force, never give chase", "Never film or pass on pictures or names of those concerned", "Never enter a home"]},
    {"force": "volunteer",
     "do_zh": ["在人行道提醒行人", "到场后一键报到,有变化立即报告"],
     "do_en": ["On the pavement, warn people on foot", "Report arrival with one tap and any change at once"],
     "never_zh": ["不得靠近有暴力或持械的人", "不得限制任何人的人身自由,不得搜身、盘问", "不得拍摄或外传当事人影像、姓名"],
     "never_en": ["Never go near violence or a weapon", "Never restrict, search or question anybody", "Never film or pass on pictures or names"]}
  ],
  "linked": [],
  "facts": ["lanes_blocked", "injured", "vehicle"],
  "offer_seconds": 60,
  "dispatch": true
}
$json$);

INSERT INTO intake.playbook (code, version, note, definition) VALUES ('missing_guard', 1, 'as delivered', $json$
{
  "name_zh": "保安失联",
  "name_en": "Guard not answering",
  "grade": 2,
  "violent": false,
  "merge_radius_m": 100,
  "merge_minutes": 60,
  "merge_types": ["other"],
  "slots": [
    {"code": "guard_look", "force": "guard", "count": 2, "skills": [], "within_minutes": 5},
    {"code": "police_support", "force": "police", "count": 1, "skills": [], "within_minutes": 8}
  ],
  "rungs": [
    {"minute": 1, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard"], "step_up": "widen"},
    {"minute": 3, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard", "patrol"], "step_up": "widen"},
    {"minute": 5, "clock_start": "reported", "clock_stop": "first_police", "forces": ["police"], "step_up": "call_police"}
  ],
  "cards": [
    {"force": "police",
     "do_zh": ["核查最后位置,评估风险", "视情增援"],
     "do_en": ["Check the last place; judge the risk", "Ask for support as needed"],
     "never_zh": ["不得向无关单位透露当事人身份"],
     "never_en": ["Never tell the identity of those concerned to parties not involved"]},
    {"force": "guard",
     "do_zh": ["两人同行,到最后位置查看", "呼叫对讲机和电话", "如有人受伤,在能力范围内急救", "有危险迹象即退到安全处并报告", "到场后一键报到,有变化立即报告"],
     "do_en": ["Go in twos to the last known place", "Call by radio and telephone", "Give first aid within your training", "At any sign of danger withdraw and report", "Report arrival with one tap and any change at once"],
     "never_zh": ["不得限制任何人的人身自由", "不得搜身、盘问,不得扣押证件或物品", "不得动手、不得追赶", "不得拍摄或外传当事人影像、姓名"],
     "never_en": ["Never restrict anybody's freedom", "Never search or question a person, never take papers or things", "Never use force, never give chase", "Never film or pass on pictures or names of those concerned"]}
  ],
  "linked": [],
  "facts": ["found", "injured", "last_seen"],
  "offer_seconds": 20,
  "dispatch": true
}
$json$);

INSERT INTO intake.playbook (code, version, note, definition) VALUES ('other', 1, 'as delivered', $json$
{
  "name_zh": "其他警情",
  "name_en": "Other",
  "grade": 3,
  "violent": false,
  "merge_radius_m": 80,
  "merge_minutes": 30,
  "merge_types": [],
  "slots": [
    {"code": "police_check", "force": "police", "count": 1, "skills": [], "within_minutes": 15},
    {"code": "guard_watch", "force": "guard", "count": 1, "skills": [], "within_minutes": 10}
  ],
  "rungs": [
    {"minute": 1, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard"], "step_up": "widen"},
    {"minute": 3, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard", "patrol"], "step_up": "widen"},
    {"minute": 5, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard", "patrol", "police"], "step_up": "notify_duty"}
  ],
  "cards": [
    {"force": "police",
     "do_zh": ["到场核实,分类处置", "更正警情类别"],
     "do_en": ["Verify on the spot and handle by kind", "Correct the category"],
     "never_zh": ["不得向无关单位透露当事人身份"],
     "never_en": ["Never tell the identity of those concerned to parties not involved"]},
    {"force": "guard",
     "do_zh": ["在安全距离观察,记下时间、人数、去向", "疏导围观人员,保持通道畅通", "到大门接应民警,带路到现场", "到场后一键报到,有变化立即报告"],
     "do_en": ["Observe from a safe distance; note time, number, direction", "Move onlookers back and keep the way clear", "Meet the police at the gate and guide them to the scene", "Report arrival with one tap and any change at once"],
     "never_zh": ["不得限制任何人的人身自由", "不得搜身、盘问,不得扣押证件或物品", "不得动手、不得追赶", "不得拍摄或外传当事人影像、姓名"],
     "never_en": ["Never restrict anybody's freedom", "Never search or question a person, never take papers or things", "Never use force, never give chase", "Never film or pass on pictures or names of those concerned"]}
  ],
  "linked": [],
  "facts": ["number_of_people", "injured"],
  "offer_seconds": 60,
  "dispatch": true
}
$json$);
