// A field of a run's identity.
#pragma once

#include <string>

#include "tugline/store/records.h"

namespace tugline {

// Empty if the identity lacks the field. Names are in store/field_names.
[[nodiscard]] inline std::string identity_field(const RunIdentity& identity, const std::string& name) {
  const auto found = identity.fields.find(name);
  return found == identity.fields.end() ? std::string() : found->second;
}

}  // namespace tugline
