package v1alpha1

// mistakesOfImages are in spec.images.
var mistakesOfImages = []mistake{
	{"requesters: []", "images: [{}, {repository: 'acme/lab:1', runAsUser: 0}, {repository: acme/lab}, {repository: acme/lab, home: Keep}]",
		`policy.yaml:7: spec.images[0].repository: is empty; write the end of a repository: "acme/lab"
policy.yaml:7: spec.images[1].repository: "acme/lab:1" is not the end of a repository, without tag or digest: "acme/lab", "jupyter/*"
policy.yaml:7: spec.images[1].runAsUser: 0 is not an id from 1 to 2147483647; root is never given
policy.yaml:7: spec.images[2]: says nothing about the image; set runAsUser, runAsGroup, fsGroup or home
policy.yaml:7: spec.images[3].home: "Keep" is not one of "keep"; did you mean "keep"?
policy.yaml:7: spec.images[3].repository: "acme/lab" is at spec.images[2].repository already; keep one`},
	{"requesters: []", "defaults: {home: tmp/}",
		`policy.yaml:7: spec.defaults.home: "tmp/" is not an absolute path in its shortest form: "/tmp"`},
}
