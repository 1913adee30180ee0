package print

import "encoding/xml"

// junit is the report of a test run in the form that CI systems read: a suite for each folder, a case for each case, and for
// each file or folder that fails by itself.
type junit struct {
	XMLName xml.Name `xml:"testsuites"`
	Suites  []Suite  `xml:"testsuite"`
}

// Suite is the cases of one folder.
type Suite struct {
	Name     string `xml:"name,attr"`
	Tests    int    `xml:"tests,attr"`
	Failures int    `xml:"failures,attr"`
	Errors   int    `xml:"errors,attr"`
	Cases    []Case `xml:"testcase"`
}

// Case passed where it has neither a failure nor an error.
type Case struct {
	Name    string  `xml:"name,attr"`
	Class   string  `xml:"classname,attr"` // the folder
	Failure *Reason `xml:"failure"`
	Error   *Reason `xml:"error"`
}

// Reason says in one line what is wrong, and shows it.
type Reason struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// Add puts a case into the suite.
func (s *Suite) Add(tc Case) {
	tc.Class = s.Name
	s.Tests++
	if tc.Failure != nil {
		s.Failures++
	}
	if tc.Error != nil {
		s.Errors++
	}
	s.Cases = append(s.Cases, tc)
}

// JUnit is the report of suites as XML.
func JUnit(suites []Suite) string {
	text, err := xml.MarshalIndent(junit{Suites: suites}, "", "  ")
	must(err)
	return xml.Header + string(text) + "\n"
}
