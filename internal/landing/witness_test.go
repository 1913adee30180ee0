package landing

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var (
	taint = corev1.Taint{Key: "polyaxon", Value: "core", Effect: corev1.TaintEffectNoSchedule}
	core  = Pool{Name: "core", Key: "polyaxon", Value: "core", Taints: []corev1.Taint{taint}}
	// bare has no taints: what its tests show is about labels and names only.
	bare = Pool{Name: "bare", Key: "polyaxon", Value: "core"}
	five = Pool{Name: "five", Key: "size", Value: "5"}

	tolerant = []corev1.Toleration{{Key: "polyaxon", Operator: corev1.TolerationOpExists}}
)

type requirement = corev1.NodeSelectorRequirement

func req(key string, op corev1.NodeSelectorOperator, values ...string) requirement {
	return requirement{Key: key, Operator: op, Values: values}
}

func in(key string, values ...string) requirement {
	return req(key, corev1.NodeSelectorOpIn, values...)
}
func notIn(key string, values ...string) requirement {
	return req(key, corev1.NodeSelectorOpNotIn, values...)
}
func exists(key string) requirement    { return req(key, corev1.NodeSelectorOpExists) }
func missing(key string) requirement   { return req(key, corev1.NodeSelectorOpDoesNotExist) }
func gt(key, value string) requirement { return req(key, corev1.NodeSelectorOpGt, value) }
func lt(key, value string) requirement { return req(key, corev1.NodeSelectorOpLt, value) }

func labelled(rs ...requirement) corev1.NodeSelectorTerm {
	return corev1.NodeSelectorTerm{MatchExpressions: rs}
}

func named(rs ...requirement) corev1.NodeSelectorTerm {
	return corev1.NodeSelectorTerm{MatchFields: rs}
}

func name(op corev1.NodeSelectorOperator, values ...string) requirement {
	return req(metav1.ObjectNameField, op, values...)
}

func terms(ts ...corev1.NodeSelectorTerm) Constraints {
	return Constraints{Affinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: ts},
	}}
}

func selector(c Constraints, pairs ...string) Constraints {
	c.NodeSelector = map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		c.NodeSelector[pairs[i]] = pairs[i+1]
	}
	return c
}

func on(c Constraints, nodeName string) Constraints {
	c.NodeName = nodeName
	return c
}

// spellings are all label values that are the number 5.
func spellings() []string {
	var all []string
	for zeros := range 63 {
		all = append(all, strings.Repeat("0", zeros)+"5")
	}
	return all
}

func TestWitness(t *testing.T) {
	const none = ""
	long := strings.Repeat("a", 63)
	tests := map[string]struct {
		constraints Constraints
		pool        Pool
		want        string // the witness; "" when there can be none
	}{
		"a pod that asks for nothing lands":                         {Constraints{}, bare, `node "witness" (labels polyaxon=core)`},
		"preferences keep no pod off":                               {Constraints{Affinity: &corev1.NodeAffinity{}}, bare, `node "witness" (labels polyaxon=core)`},
		"an untolerated taint keeps it off":                         {Constraints{}, core, none},
		"a tolerated taint does not":                                {Constraints{Tolerations: tolerant}, core, `node "witness" (labels polyaxon=core; taints polyaxon=core:NoSchedule)`},
		"a selector for another pool keeps it off":                  {selector(Constraints{}, "polyaxon", "jobs"), bare, none},
		"a selector for the pool does not":                          {selector(Constraints{}, "polyaxon", "core", "zone", "a"), bare, `node "witness" (labels polyaxon=core, zone=a)`},
		"a well-known label is free like every other":               {selector(Constraints{}, "kubernetes.io/hostname", "n1"), bare, `node "witness" (labels kubernetes.io/hostname=n1, polyaxon=core)`},
		"a selector key that is no label key is on no node":         {selector(Constraints{}, "a b", "c"), bare, none},
		"a selector value that is no label value is on no node":     {selector(Constraints{}, "a", "-1"), bare, none},
		"a selector value of 63 characters is on some":              {selector(Constraints{}, "a", long), bare, fmt.Sprintf(`node "witness" (labels a=%s, polyaxon=core)`, long)},
		"a selector value of 64 characters is on none":              {selector(Constraints{}, "a", long+"a"), bare, none},
		"an empty selector value is a label":                        {selector(Constraints{}, "a", ""), bare, `node "witness" (labels a=, polyaxon=core)`},
		"nodeName is the node's name":                               {on(Constraints{}, "n1"), bare, `node "n1" (labels polyaxon=core)`},
		"nodeName that is no name is no node's":                     {on(Constraints{}, "N_1"), bare, none},
		"nodeName of 254 characters is no node's":                   {on(Constraints{}, strings.Repeat("a", 254)), bare, none},
		"nodeName does not lift a taint":                            {on(Constraints{}, "n1"), core, none},
		"an empty term list matches nothing":                        {terms(), bare, none},
		"an empty term matches nothing":                             {terms(labelled()), bare, none},
		"an empty term does not hide the next":                      {terms(labelled(), labelled(in("a", "b"))), bare, `node "witness" (labels a=b, polyaxon=core)`},
		"the seal keeps it off":                                     {terms(labelled(notIn("polyaxon", "core"))), bare, none},
		"one unsealed term is enough":                               {terms(labelled(notIn("polyaxon", "core")), labelled(exists("gpu"))), bare, `node "witness" (labels gpu=0, polyaxon=core)`},
		"In takes the first value":                                  {terms(labelled(in("a", "y", "x"))), bare, `node "witness" (labels a=y, polyaxon=core)`},
		"In takes the pool's value":                                 {terms(labelled(in("polyaxon", "jobs", "core"))), bare, `node "witness" (labels polyaxon=core)`},
		"In without the pool's value keeps it off":                  {terms(labelled(in("polyaxon", "jobs"))), bare, none},
		"several In on one key intersect":                           {terms(labelled(in("a", "x", "y"), in("a", "y", "z"), in("a", "y"))), bare, `node "witness" (labels a=y, polyaxon=core)`},
		"several In with nothing in common keep it off":             {terms(labelled(in("a", "x"), in("a", "y"), in("a", "x"))), bare, none},
		"In of nothing but what NotIn takes keeps it off":           {terms(labelled(in("a", "x", "y"), notIn("a", "x"), notIn("a", "y"))), bare, none},
		"In without values is malformed":                            {terms(labelled(in("a"))), bare, none},
		"In of a value that is no label value is malformed":         {terms(labelled(in("a", "x", "-1"))), bare, none},
		"In of an empty value is met by an empty value":             {terms(labelled(in("a", ""))), bare, `node "witness" (labels a=, polyaxon=core)`},
		"a malformed term does not hide the next":                   {terms(labelled(in("a")), labelled(in("b", "c"))), bare, `node "witness" (labels b=c, polyaxon=core)`},
		"the selector and a term agree":                             {selector(terms(labelled(in("a", "x", "y"))), "a", "y"), bare, `node "witness" (labels a=y, polyaxon=core)`},
		"the selector and a term disagree":                          {selector(terms(labelled(in("a", "x"))), "a", "y"), bare, none},
		"the selector's label must not be missing":                  {selector(terms(labelled(missing("a"))), "a", "y"), bare, none},
		"NotIn is met by a missing label":                           {terms(labelled(notIn("a", "x"))), bare, `node "witness" (labels polyaxon=core)`},
		"NotIn of another value than the pool's is met":             {terms(labelled(notIn("polyaxon", "jobs"))), bare, `node "witness" (labels polyaxon=core)`},
		"NotIn without values is malformed":                         {terms(labelled(notIn("a"))), bare, none},
		"NotIn of a value that is no label value is malformed":      {terms(labelled(notIn("a", "a b"))), bare, none},
		"Exists and NotIn leave other values":                       {terms(labelled(exists("a"), notIn("a", "0", "1", "3"))), bare, `node "witness" (labels a=2, polyaxon=core)`},
		"Exists with a value is malformed":                          {terms(labelled(req("a", corev1.NodeSelectorOpExists, "x"))), bare, none},
		"Exists of the pool's label is met":                         {terms(labelled(exists("polyaxon"))), bare, `node "witness" (labels polyaxon=core)`},
		"DoesNotExist is met by a missing label":                    {terms(labelled(missing("a"), notIn("a", "x"))), bare, `node "witness" (labels polyaxon=core)`},
		"DoesNotExist of the pool's label keeps it off":             {terms(labelled(missing("polyaxon"))), bare, none},
		"DoesNotExist and Exists contradict each other":             {terms(labelled(missing("a"), exists("a"))), bare, none},
		"DoesNotExist and In contradict each other":                 {terms(labelled(in("a", "x"), missing("a"))), bare, none},
		"DoesNotExist and Lt contradict each other":                 {terms(labelled(lt("a", "5"), missing("a"))), bare, none},
		"DoesNotExist with a value is malformed":                    {terms(labelled(req("a", corev1.NodeSelectorOpDoesNotExist, "x"))), bare, none},
		"Gt is met by the next number":                              {terms(labelled(gt("a", "4"))), bare, `node "witness" (labels a=5, polyaxon=core)`},
		"Lt is met by the smallest number":                          {terms(labelled(lt("a", "4"))), bare, `node "witness" (labels a=0, polyaxon=core)`},
		"Lt 1 is met by 0":                                          {terms(labelled(lt("a", "1"))), bare, `node "witness" (labels a=0, polyaxon=core)`},
		"Lt 0 is met by nothing: no label has a sign":               {terms(labelled(lt("a", "0"))), bare, none},
		"Gt below the largest number is met by it":                  {terms(labelled(gt("a", "9223372036854775806"))), bare, `node "witness" (labels a=9223372036854775807, polyaxon=core)`},
		"Gt the largest number is met by nothing":                   {terms(labelled(gt("a", "9223372036854775807"))), bare, none},
		"Gt more than the largest number is malformed":              {terms(labelled(gt("a", "9223372036854775808"))), bare, none},
		"the largest number has other spellings":                    {terms(labelled(gt("a", "9223372036854775806"), notIn("a", "9223372036854775807"))), bare, `node "witness" (labels a=09223372036854775807, polyaxon=core)`},
		"Gt and Lt leave one number":                                {terms(labelled(gt("a", "4"), lt("a", "6"))), bare, `node "witness" (labels a=5, polyaxon=core)`},
		"Gt and Lt leave no number":                                 {terms(labelled(gt("a", "4"), lt("a", "5"))), bare, none},
		"Gt and Lt the wrong way round leave no number":             {terms(labelled(gt("a", "9"), lt("a", "5"))), bare, none},
		"the narrowest bounds count":                                {terms(labelled(gt("a", "4"), gt("a", "2"), lt("a", "6"), lt("a", "9"))), bare, `node "witness" (labels a=5, polyaxon=core)`},
		"NotIn takes a number and leaves its other spellings":       {terms(labelled(gt("a", "4"), lt("a", "6"), notIn("a", "5"))), bare, `node "witness" (labels a=05, polyaxon=core)`},
		"NotIn takes all spellings but the longest":                 {terms(labelled(gt("a", "4"), lt("a", "6"), notIn("a", spellings()[:62]...))), bare, fmt.Sprintf(`node "witness" (labels a=%s5, polyaxon=core)`, strings.Repeat("0", 62))},
		"NotIn takes all spellings":                                 {terms(labelled(gt("a", "4"), lt("a", "6"), notIn("a", spellings()...))), bare, none},
		"NotIn takes all spellings of one of two numbers":           {terms(labelled(gt("a", "4"), lt("a", "7"), notIn("a", spellings()...))), bare, `node "witness" (labels a=6, polyaxon=core)`},
		"In offers another spelling":                                {terms(labelled(in("a", "4", "x", "005"), gt("a", "4"))), bare, `node "witness" (labels a=005, polyaxon=core)`},
		"In offers no number":                                       {terms(labelled(in("a", "x"), gt("a", "4"))), bare, none},
		"the pool's label is a number within":                       {terms(labelled(gt("size", "4"), lt("size", "6"))), five, `node "witness" (labels size=5)`},
		"the pool's label is a number outside":                      {terms(labelled(gt("size", "5"))), five, none},
		"the pool's label is no number":                             {terms(labelled(gt("polyaxon", "0"))), bare, none},
		"the pool's label has one spelling":                         {terms(labelled(gt("size", "4"), notIn("size", "5"))), five, none},
		"Gt with text is malformed":                                 {terms(labelled(gt("a", "x"))), bare, none},
		"Gt with a sign is malformed":                               {terms(labelled(gt("a", "-5"))), bare, none},
		"Gt with a plus is malformed":                               {terms(labelled(gt("a", "+5"))), bare, none},
		"Gt with two values is malformed":                           {terms(labelled(req("a", corev1.NodeSelectorOpGt, "1", "2"))), bare, none},
		"Lt without a value is malformed":                           {terms(labelled(req("a", corev1.NodeSelectorOpLt))), bare, none},
		"an unknown operator is malformed":                          {terms(labelled(req("a", "Near", "x"))), bare, none},
		"an unknown operator spoils its term":                       {terms(labelled(in("b", "c"), req("a", "in", "x"))), bare, none},
		"a key that is no label key is malformed":                   {terms(labelled(missing("a b"))), bare, none},
		"an empty key is malformed":                                 {terms(labelled(missing(""))), bare, none},
		"a key with a prefix is a label key":                        {terms(labelled(exists("example.com/a"))), bare, `node "witness" (labels example.com/a=0, polyaxon=core)`},
		"a field names the node":                                    {terms(named(name("In", "n1"))), bare, `node "n1" (labels polyaxon=core)`},
		"a field names the node that nodeName names":                {on(terms(named(name("In", "n1"))), "n1"), bare, `node "n1" (labels polyaxon=core)`},
		"a field names another node than nodeName":                  {on(terms(named(name("In", "n1"))), "n2"), bare, none},
		"nodeName picks the second term":                            {on(terms(named(name("In", "n1")), named(name("In", "n2"))), "n2"), bare, `node "n2" (labels polyaxon=core)`},
		"a field and labels of one term both count":                 {terms(corev1.NodeSelectorTerm{MatchFields: []requirement{name("In", "n1")}, MatchExpressions: []requirement{in("a", "b")}}), bare, `node "n1" (labels a=b, polyaxon=core)`},
		"a field cannot undo the seal":                              {terms(corev1.NodeSelectorTerm{MatchFields: []requirement{name("In", "n1")}, MatchExpressions: []requirement{notIn("polyaxon", "core")}}), bare, none},
		"two fields name two nodes":                                 {terms(named(name("In", "n1"), name("In", "n2"))), bare, none},
		"a field with two names is malformed":                       {terms(named(name("In", "n1", "n2"))), bare, none},
		"a field without a name is malformed":                       {terms(named(name("In"))), bare, none},
		"a field names what is no name":                             {terms(named(name("In", "N_1"))), bare, none},
		"a field names the node without a name":                     {terms(named(name("In", ""))), bare, none},
		"a field excludes a node":                                   {terms(named(name("NotIn", "witness"), name("NotIn", "witness-1"))), bare, `node "witness-2" (labels polyaxon=core)`},
		"a field excludes the node that another names":              {terms(named(name("NotIn", "n1"), name("In", "n1"))), bare, none},
		"a field excludes the node that nodeName names":             {on(terms(named(name("NotIn", "n1"))), "n1"), bare, none},
		"a field excludes the node without a name":                  {terms(named(name("NotIn", ""))), bare, `node "witness" (labels polyaxon=core)`},
		"a field excludes two nodes at once and is malformed":       {terms(named(name("NotIn", "n1", "n2"))), bare, none},
		"a field with a number operator is malformed":               {terms(named(name("Gt", "1"))), bare, none},
		"a field with Exists is malformed":                          {terms(named(name("Exists"))), bare, none},
		"a field that nodes lack is read as empty, and is in empty": {terms(named(in("spec.providerID", ""))), bare, `node "witness" (labels polyaxon=core)`},
		"a field that nodes lack is not in anything else":           {terms(named(in("spec.providerID", "x"))), bare, none},
		"a field that nodes lack is outside anything else":          {terms(named(notIn("spec.providerID", "x"))), bare, `node "witness" (labels polyaxon=core)`},
		"a field that nodes lack is not outside empty":              {terms(named(notIn("spec.providerID", ""))), bare, none},
		"metadata.name as a label is no label of the field's":       {terms(labelled(in("metadata.name", "n1"))), bare, `node "witness" (labels metadata.name=n1, polyaxon=core)`},
	}
	for phrase, tc := range tests {
		t.Run(phrase, func(t *testing.T) {
			node, ok := Witness(tc.constraints, tc.pool)
			got := ""
			if ok {
				got = node.String()
			}
			if got != tc.want {
				t.Errorf("Witness: got %s, want %s", got, tc.want)
			}
			if Possible(tc.constraints, tc.pool) != ok {
				t.Errorf("Possible: says %v", !ok)
			}
			if ok && !Lands(tc.constraints, node) {
				t.Errorf("Lands: refuses the witness %s", node)
			}
			again, _ := Witness(tc.constraints, tc.pool)
			if diff := cmp.Diff(node, again); diff != "" {
				t.Errorf("the same question gave another witness (-first +second):\n%s", diff)
			}
		})
	}
}

func TestWitnessSharesNoMemory(t *testing.T) {
	c := selector(Constraints{Tolerations: tolerant}, "a", "b")
	node, _ := Witness(c, core)
	node.Labels["a"], node.Taints[0].Value = "x", "x"
	if c.NodeSelector["a"] != "b" || core.Taints[0].Value != "core" {
		t.Error("changing the witness changed the question")
	}
}

func TestLandsOnKnownNodes(t *testing.T) {
	labels := map[string]string{"polyaxon": "core"}
	tests := map[string]struct {
		constraints Constraints
		node        Node
		want        bool
	}{
		"a node without taints takes any pod":       {Constraints{}, Node{Name: "n1"}, true},
		"a taint repels":                            {Constraints{}, Node{Name: "n1", Taints: []corev1.Taint{taint}}, false},
		"a toleration answers it":                   {Constraints{Tolerations: tolerant}, Node{Name: "n1", Taints: []corev1.Taint{taint}}, true},
		"nodeName is this node":                     {on(Constraints{}, "n1"), Node{Name: "n1"}, true},
		"nodeName is another node":                  {on(Constraints{}, "n1"), Node{Name: "n2"}, false},
		"the selector is met":                       {selector(Constraints{}, "polyaxon", "core"), Node{Name: "n1", Labels: labels}, true},
		"the selector is not met":                   {selector(Constraints{}, "polyaxon", "core"), Node{Name: "n1"}, false},
		"the seal keeps it off":                     {terms(labelled(notIn("polyaxon", "core"))), Node{Name: "n1", Labels: labels}, false},
		"the seal lets it onto nodes without label": {terms(labelled(notIn("polyaxon", "core"))), Node{Name: "n1"}, true},
		"one term of two is met":                    {terms(labelled(gt("a", "x")), named(name("In", "n1"))), Node{Name: "n1"}, true},
	}
	for phrase, tc := range tests {
		t.Run(phrase, func(t *testing.T) {
			if got := Lands(tc.constraints, tc.node); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestOfReadsThePod(t *testing.T) {
	affinity := &corev1.NodeAffinity{}
	spec := &corev1.PodSpec{
		NodeName: "n1", NodeSelector: map[string]string{"a": "b"}, Tolerations: tolerant,
		Affinity: &corev1.Affinity{NodeAffinity: affinity},
	}
	want := Constraints{NodeName: "n1", NodeSelector: map[string]string{"a": "b"}, Tolerations: tolerant, Affinity: affinity}
	if diff := cmp.Diff(want, Of(spec)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(Constraints{}, Of(&corev1.PodSpec{})); diff != "" {
		t.Errorf("an empty pod has constraints (-want +got):\n%s", diff)
	}
}
