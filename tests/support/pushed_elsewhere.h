// A view of a run as if it had been pushed otherwise: what every figure's description must say.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "tugline/report/figure.h"
#include "tugline/report/run_view.h"
#include "tugline/store/field_names.h"

namespace tugline {

inline RunView pushed_elsewhere(RunView view) {
  view.identity.fields[field::kHook] = "resid_pre";
  view.identity.fields[field::kPush] = "rotation";
  view.identity.fields[field::kTemperature] = "0.6";
  view.identity.fields[field::kDirectionFamily] = "file 00ff";
  view.meta[field::kDirectionFile] = "some/where/v.safetensors:global.layer3";
  return view;
}

inline void expect_description_says_how(const Figure& figure) {
  for (const char* words :
       {"hook: resid_pre", "rotation", "temperature: 0.6", "seed: 42", "v.safetensors:global.layer3"})
    EXPECT_NE((figure.description + figure.script).find(words), std::string::npos) << words << " is not in\n"
                                                                                   << figure.description;
}

}  // namespace tugline
