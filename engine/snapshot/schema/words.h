// What the tables of fields beside this file are written with.
#pragma once

#include "snapshot/schema.h"

namespace muster::snapshot::tables {

using enum FieldType;
inline constexpr auto kId = Personal::identifier;
inline constexpr auto kPersonal = Personal::personal;

inline constexpr std::string_view kOrganizationDoc =
    "The organization that the row was listed for; the first one when several list the same record.";

}  // namespace muster::snapshot::tables
