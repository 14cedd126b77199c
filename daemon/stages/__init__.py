"""The road of an event, stage by stage: triage, plan, decide, brakes, record, send, settle."""
