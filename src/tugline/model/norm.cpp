#include "tugline/model/norm.h"

namespace tugline {

void Norm::apply(const ConstMatrix& x, const Matrix& out) const {
  const ConstMatrix weight = weights_.weight->matrix();
  switch (config_.norm) {
    case NormKind::kRms:
      return backend_.rms_norm(x, weight, config_.norm_eps, out);
    case NormKind::kRmsRoundedOnce:
      return backend_.rms_norm_rounded_once(x, weight, config_.norm_eps, out);
    case NormKind::kLayer:
      return backend_.layer_norm(x, weight, weights_.bias->matrix(), config_.norm_eps, out);
  }
}

void Norm::apply_difference(const ConstMatrix& base, const ConstMatrix& d, const Matrix& out) const {
  const ConstMatrix weight = weights_.weight->matrix();
  switch (config_.norm) {
    case NormKind::kRms:
    case NormKind::kRmsRoundedOnce:
      return backend_.rms_norm_difference(base, weight, config_.norm_eps, d, out);
    case NormKind::kLayer:
      return backend_.layer_norm_difference(base, weight, config_.norm_eps, d, out);
  }
}

}  // namespace tugline
