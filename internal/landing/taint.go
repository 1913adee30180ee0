package landing

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"
)

// comparisons enables the toleration operators Lt and Gt (KEP-5471; alpha and off by default in 1.37). Whether the
// cluster's scheduler has them on cannot be seen from here, and unknown means closed: a toleration that may count is
// taken to count. An API server that has them off accepts no new pod with them, so that nobody is refused for nothing.
const comparisons = true

// silent discards what ToleratesTaint logs for every value that is no number: users choose those values, and would
// fill the log.
var silent klog.Logger

// Repels reports whether the scheduler keeps pods that do not tolerate the taint off its node: NoSchedule and
// NoExecute do, PreferNoSchedule is only a preference.
func Repels(taint *corev1.Taint) bool {
	return taint.Effect == corev1.TaintEffectNoSchedule || taint.Effect == corev1.TaintEffectNoExecute
}

// Tolerating returns the index of the first toleration that tolerates the taint, -1 when none does.
// tolerationSeconds does not matter: a pod that may stay for a second has landed.
func Tolerating(tolerations []corev1.Toleration, taint *corev1.Taint) int {
	for i := range tolerations {
		if tolerations[i].ToleratesTaint(silent, taint, comparisons) {
			return i
		}
	}
	return -1
}

// repelled reports whether one of the taints keeps the pod off.
func repelled(tolerations []corev1.Toleration, taints []corev1.Taint) bool {
	for i := range taints {
		if Repels(&taints[i]) && Tolerating(tolerations, &taints[i]) < 0 {
			return true
		}
	}
	return false
}

// NoExecute are the taints that a kubelet heeds. To a pod with spec.nodeName, which no scheduler looks at, the others are
// nothing.
func NoExecute(taints []corev1.Taint) []corev1.Taint {
	return slices.DeleteFunc(slices.Clone(taints), func(t corev1.Taint) bool { return t.Effect != corev1.TaintEffectNoExecute })
}
