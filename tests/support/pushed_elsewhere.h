// A view of a run as if it had been pushed otherwise: what every figure's caption must say.
#pragma once

#include <gtest/gtest.h>

#include <string>

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

// Words stay together wherever the caption is broken into lines.
inline void expect_caption_says_how(const std::string& script) {
  for (const char* words : {"resid_pre", "rotation", "0.6", "seed: 42", "v.safetensors:global.layer3"})
    EXPECT_NE(script.find(words), std::string::npos) << words << " is not in\n" << script;
}

}  // namespace tugline
