#include "tugline/cli/direction_arguments.h"

#include <spdlog/spdlog.h>

#include "tugline/cli/number_options.h"
#include "tugline/files/direction_file.h"
#include "tugline/probe/push_vector.h"
#include "tugline/probe/vectors.h"

namespace tugline {

void add_direction_options(CLI::App& command, DirectionArguments& a) {
  command
      .add_option(
          "--direction-family", a.family,
          "How random directions are drawn. isotropic: uniform on the sphere; mean-centred: components "
          "sum to zero; covariance-diagonal, covariance: normal, with the variances or the covariance "
          "of the transcripts' residuals at the layer; difference: between two real residuals; "
          "principal: the principal components of the residuals")
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
      ->check(CLI::IsMember({"common", "independent"}))
      ->capture_default_str();
  command
      .add_option(
          "--push", a.push,
          "How a push is made. additive: add epsilon * rms * direction; rotation: turn the residual towards "
          "the direction, so that it moves as far; interpolation: go the fraction epsilon (0 to 1) of the "
          "way to another real residual")
      ->capture_default_str();
  command
      .add_option("--orthogonal-to", a.orthogonal_to,
                  "Make directions orthogonal to the residual at the site, or to the span of the rows of a "
                  "file as for --direction-file")
      ->type_name("residual|FILE");
}

void apply_direction_arguments(const DirectionArguments& a, const ModelConfig& config, PushOptions& options) {
  options.family = parse_direction_family(a.family);
  options.kind = parse_push_kind(a.push);
  options.null_directions = a.null_directions;
  if (a.sharing == "independent") options.sharing = DirectionSharing::kIndependent;
  if (a.orthogonal_to == "residual") {
    options.orthogonal = Orthogonal::kToResidual;
  } else if (!a.orthogonal_to.empty()) {
    options.orthogonal = Orthogonal::kToSubspace;
    const DirectionFile file = read_single_direction_array(a.orthogonal_to);
    options.subspace = orthonormal_basis(unit_rows(*file.array, config.hidden_size));
    options.subspace_origin = origin_of(file);
  }
  check_push_options(options, config.hidden_size);
}

std::string direction_source(const PushOptions& options) {
  if (options.kind == PushKind::kInterpolation) return "residuals";
  if (options.supplied.empty()) return std::string(name_of(options.family));
  return options.supplied.identity();
}

void warn_of_contradictions(const PushOptions& options, const PushedAt& at) {
  for (const DirectionOrigin* origin : {&options.supplied.origin, &options.subspace_origin})
    for (const std::string& sentence : contradictions(*origin, at)) spdlog::warn("{}", sentence);
}

}  // namespace tugline
