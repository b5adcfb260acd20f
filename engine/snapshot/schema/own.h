// Fields of the roster, the register, and of what muster says of its own inputs. Included by schema.cpp
// alone.
#pragma once

#include "snapshot/schema/words.h"

namespace muster::snapshot::tables {

inline constexpr FieldSpec kPersons[] = {
    {.name = "person_id", .type = id, .personal = kId, .doc = "HR's number of the person."},
    {.name = "name", .type = text, .nullable = true, .personal = kPersonal, .doc = "Name."},
    {.name = "email", .type = text, .nullable = true, .personal = kPersonal, .doc = "First e-mail address."},
    {.name = "emails", .type = text_list, .personal = kPersonal, .doc = "Every current e-mail address."},
    {.name = "former_emails",
     .type = text_list,
     .personal = kPersonal,
     .doc = "Addresses that the person once had."},
    {.name = "kind", .type = word, .doc = "employee, contractor or external."},
    {.name = "manager_id",
     .type = id,
     .nullable = true,
     .personal = kId,
     .doc = "The manager's `person_id`."},
    {.name = "department", .type = word, .nullable = true, .doc = "Department."},
    {.name = "state",
     .type = word,
     .doc = "As of the run's instant: active, left, left_unknown_date, not_started or contradictory (active "
            "in words, with an end in the past)."},
    {.name = "starts_at",
     .type = time,
     .nullable = true,
     .personal = kPersonal,
     .doc = "The instant at which the first or next tenure begins; null when the roster gives no start."},
    {.name = "left_at",
     .type = time,
     .nullable = true,
     .personal = kPersonal,
     .doc = "The instant at which the last tenure ended; null unless the person has left at a known time."},
    {.name = "last_day",
     .type = date,
     .nullable = true,
     .personal = kPersonal,
     .doc = "The last day of the last tenure, in the roster's zone; null when there is none."},
};

inline constexpr FieldSpec kTenures[] = {
    {.name = "person_id", .type = id, .personal = kId, .doc = "The person."},
    {.name = "status", .type = word, .doc = "active or terminated, after the config's map of status words."},
    {.name = "start",
     .type = time,
     .nullable = true,
     .personal = kPersonal,
     .doc = "Start of the first day in the roster's zone; null when the roster gives none."},
    {.name = "end",
     .type = time,
     .nullable = true,
     .personal = kPersonal,
     .doc = "End of the last day in the roster's zone, or the given time; null when the roster gives none."},
};

inline constexpr FieldSpec kNonhumans[] = {
    {.name = "id", .type = id, .doc = "The register's name of the identity; the account when it has none."},
    {.name = "account",
     .type = text,
     .doc = "The account: a user id, an e-mail address or a service account's id."},
    {.name = "owner",
     .type = text,
     .nullable = true,
     .personal = kPersonal,
     .doc = "The person who answers for it: `person_id` or e-mail address; null when the register names "
            "nobody."},
    {.name = "purpose", .type = text, .nullable = true, .doc = "What it is for."},
    {.name = "review_by",
     .type = date,
     .nullable = true,
     .doc = "The day by which it is to be looked at again; null when the register gives none."},
    {.name = "owner_state",
     .type = word,
     .needs = "persons",
     .doc = "What the roster says of the owner: a person's state; nobody when no person fits; missing when "
            "no owner is named."},
    {.name = "account_exists",
     .type = boolean,
     .needs = "users",
     .doc = "Whether the account is in the snapshot: a user, or a service account. Absent when no user fits "
            "and service accounts were not collected."},
};

inline constexpr FieldSpec kDatasets[] = {
    {.name = "name", .type = id, .doc = "The dataset (`users`)."},
    {.name = "status", .type = word, .doc = "complete, partial, denied, unsupported or not_requested."},
    {.name = "rows", .type = integer, .doc = "Rows collected."},
    {.name = "sha256",
     .type = text,
     .nullable = true,
     .doc = "Digest of the data file; null when there is none."},
    {.name = "reason",
     .type = text,
     .nullable = true,
     .doc = "Why the dataset is not complete; null when it is."},
    {.name = "as_of",
     .type = time,
     .nullable = true,
     .doc = "The instant that the data is of: when the snapshot was completed; of `persons`, the day of the "
            "oldest export, null when the config does not give it."},
    {.name = "age_limit_days",
     .type = number,
     .nullable = true,
     .doc = "At which age the config makes the data unknown: `max_snapshot_age`, or the rosters' `max_age`; null "
            "when it sets no limit."},
    {.name = "covers_from",
     .type = time,
     .nullable = true,
     .doc = "Of reports and feeds: from when on they were collected; null for other datasets, and when the "
            "snapshot does not say."},
    {.name = "covers_to",
     .type = time,
     .nullable = true,
     .doc = "Of reports and feeds: up to when they were collected; null as `covers_from` is."},
};

inline constexpr FieldSpec kPreviousUsers[] = {
    {.name = "id", .type = id, .personal = kId, .doc = "Account id (`user_…`)."},
    {.name = "role", .type = word, .doc = "Organization role at that time."},
};

inline constexpr FieldSpec kWaivers[] = {
    {.name = "id", .type = id, .doc = "The waiver's id."},
    {.name = "rule", .type = text, .doc = "The rule whose failures it excuses."},
    {.name = "state", .type = word, .doc = "active or expiring_soon, which have effect; not_started, expired, unapproved, too_long or "
            "too_broad, which have none."},
    {.name = "starts", .type = date, .nullable = true, .doc = "Its first day; null when it does not say."},
    {.name = "expires", .type = date, .nullable = true, .doc = "Its last day; null when it never ends."},
    {.name = "approver", .type = text, .nullable = true, .personal = kPersonal, .doc = "Who approved it."},
    {.name = "owner", .type = text, .nullable = true, .personal = kPersonal, .doc = "Who answers for it."},
};

}  // namespace muster::snapshot::tables
