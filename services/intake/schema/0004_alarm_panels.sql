-- SPDX-License-Identifier: Apache-2.0
-- What alarm panels bring: a panic or hold-up alarm, which is violent until somebody has seen that it is not, and a fault of the alarm system,
-- which sends nobody. And how often the same premises alarmed lately: false alarms come again at the same place.
INSERT INTO intake.playbook (code, version, note, definition) VALUES ('panic_alarm', 1, 'as delivered', $json$
{
  "name_zh": "紧急求助报警",
  "name_en": "Panic or hold-up alarm",
  "grade": 1,
  "violent": true,
  "merge_radius_m": 60,
  "merge_minutes": 30,
  "merge_types": [],
  "slots": [
    {"code": "police_pair", "force": "police", "count": 2, "skills": [], "within_minutes": 5},
    {"code": "guard_cordon", "force": "guard", "count": 2, "skills": [], "within_minutes": 3}
  ],
  "rungs": [
    {"minute": 1, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard"], "step_up": "widen"},
    {"minute": 3, "clock_start": "reported", "clock_stop": "first_on_scene", "forces": ["guard", "police"], "step_up": "widen"},
    {"minute": 5, "clock_start": "reported", "clock_stop": "first_police", "forces": ["police"], "step_up": "notify_duty"}
  ],
  "cards": [
    {"force": "police",
     "do_zh": ["静默接近,不鸣警报", "按劫持、胁迫预案到场处置", "撤销请求不作为结案依据,须见到当事人"],
     "do_en": ["Approach in silence, no siren", "Handle as a hold-up until seen otherwise", "A cancel is no reason to close: see those concerned"],
     "never_zh": ["不得致电报警点位暴露报警"],
     "never_en": ["Never call the premises in a way that gives the alarm away"]},
    {"force": "guard",
     "do_zh": ["在外围安全处观察,记下人数、去向", "疏导无关人员远离", "到大门接应民警", "到场后一键报到,有变化立即报告"],
     "do_en": ["Observe from a safe place outside; note numbers and direction", "Keep others away", "Meet the police at the gate", "Report arrival with one tap and any change at once"],
     "never_zh": ["不得进入", "不得限制任何人的人身自由", "不得搜身、盘问,不得扣押证件或物品", "不得动手、不得追赶", "不得让人看出已经报警"],
     "never_en": ["Never go in", "Never restrict anybody's freedom", "Never search or question a person, never take papers or things", "Never use force, never give chase", "Never let it be seen that there is an alarm"]}
  ],
  "linked": [],
  "facts": ["false_alarm", "person_seen", "weapon", "injured"],
  "offer_seconds": 15,
  "dispatch": true
}
$json$), ('alarm_fault', 1, 'as delivered', $json$
{
  "name_zh": "报警设备故障",
  "name_en": "Fault of an alarm system",
  "grade": 4,
  "violent": false,
  "merge_radius_m": 30,
  "merge_minutes": 240,
  "merge_types": [],
  "slots": [],
  "rungs": [],
  "cards": [],
  "linked": [],
  "facts": ["repaired", "zone"],
  "offer_seconds": 60,
  "dispatch": false
}
$json$);

SET LOCAL ROLE genxi_owner;
CREATE INDEX report_panel_site ON intake.report (site_id, received_at) WHERE source = 'panel' AND link = 1;
-- Cases that panels opened at the site since then, whoever reported them.
CREATE FUNCTION intake.panel_cases(at_site uuid, of_type text, since bigint) RETURNS bigint LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog AS $$
BEGIN
    RETURN (SELECT count(*) FROM intake.report r
            WHERE r.site_id = at_site AND r.source = 'panel' AND r.link = 1 AND r.received_at >= since AND r.type = of_type);
END
$$;
RESET ROLE;
