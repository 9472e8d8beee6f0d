// A view of a run as if it had been pushed otherwise: what every figure's caption must say.
#pragma once

#include <gtest/gtest.h>

#include <sstream>
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

// The lines of a figure's caption as one: labels 10 and up of its gnuplot script.
inline std::string caption_in(const std::string& script) {
  std::string caption;
  std::istringstream lines(script);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("set label ") || std::stoi(line.substr(10)) < 10) continue;
    const size_t begin = line.find('\'') + 1;  // a quoted text holds no such quote
    caption += line.substr(begin, line.find('\'', begin) - begin) + " ";
  }
  return caption;
}

inline void expect_caption_says_how(const std::string& script) {
  for (const char* words :
       {"hook: resid_pre", "rotation", "temperature: 0.6", "seed: 42", "v.safetensors:global.layer3"})
    EXPECT_NE((caption_in(script) + script).find(words), std::string::npos) << words << " is not in\n"
                                                                            << script;
}

}  // namespace tugline
