#include "tugline/cli/direction_arguments.h"

#include <spdlog/spdlog.h>

#include "tugline/api/settings.h"
#include "tugline/cli/name_options.h"
#include "tugline/cli/number_options.h"
#include "tugline/probe/direction_family.h"
#include "tugline/probe/push_options.h"

namespace tugline {

void add_direction_options(CLI::App& command, DirectionArguments& a) {
  command
      .add_option(
          "--direction-family", a.family,
          "How random directions are drawn. isotropic: uniform on the sphere; mean-centred: components "
          "sum to zero; covariance-diagonal, covariance: normal, with the variances or the covariance "
          "of the transcripts' residuals at the layer; difference: between two real residuals; "
          "principal: the principal components of the residuals")
      ->check(accepted_by(
          {"isotropic", "mean-centred", "covariance-diagonal", "covariance", "difference", "principal"},
          [](const std::string& name) { (void)parse_direction_family(name); }))
      ->capture_default_str();
  command
      .add_option(
          "--null-directions", a.null_directions,
          "Also push this number of random isotropic directions, to compare those of --direction-file "
          "with them")
      ->check(integer_from(1, 1'000'000));
  command
      .add_option("--direction-sharing", a.sharing,
                  "common: the same random directions at every epsilon; independent: new ones at each")
      ->check(one_of({"common", "independent"}))
      ->capture_default_str();
  command
      .add_option(
          "--push", a.push,
          "How a push is made. additive: add epsilon * rms * direction; rotation: turn the residual towards "
          "the direction, so that it moves as far; interpolation: go the fraction epsilon (0 to 1) of the "
          "way to another real residual")
      ->check(accepted_by({"additive", "rotation", "interpolation"},
                          [](const std::string& name) { (void)parse_push_kind(name); }))
      ->capture_default_str();
  command
      .add_option("--orthogonal-to", a.orthogonal_to,
                  "Make directions orthogonal to the residual at the site, or to the span of the rows of a "
                  "file as for --direction-file")
      ->type_name("residual|FILE");
}

void set_directions(const DirectionArguments& a, PushSettings& settings) {
  settings.push = a.push;
  settings.direction_family = a.family;
  settings.direction_sharing = a.sharing;
  settings.null_directions = a.null_directions;
  settings.orthogonal_to = a.orthogonal_to;
}

void warn_of_contradictions(const PushOptions& options, const PushedAt& at) {
  for (const std::string& sentence : contradictions_of(options, at)) spdlog::warn("{}", sentence);
}

}  // namespace tugline
