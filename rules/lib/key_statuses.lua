-- The statuses of API keys that the API documents. A status that is none of these may well be a live key: what it means must be decided by a
-- person, not by silence, so the rules that require this call such a key unknown.
return { active = true, inactive = true, archived = true, expired = true }
