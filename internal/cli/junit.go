package cli

import "encoding/xml"

// junit is the report of a test run in the form that CI systems read: a suite for each folder, a case for each case, and for
// each file or folder that fails by itself.
type junit struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Cases    []junitCase `xml:"testcase"`
}

// junitCase passed where it has neither a failure nor an error.
type junitCase struct {
	Name    string       `xml:"name,attr"`
	Class   string       `xml:"classname,attr"` // the folder
	Failure *junitReason `xml:"failure"`
	Error   *junitReason `xml:"error"`
}

// junitReason says in one line what is wrong, and shows it.
type junitReason struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// add puts a case into the suite.
func (s *junitSuite) add(tc junitCase) {
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

// printJUnit prints the report of suites.
func (c *console) printJUnit(suites []junitSuite) {
	text, err := xml.MarshalIndent(junit{Suites: suites}, "", "  ")
	must(err)
	c.print(xml.Header + string(text) + "\n")
}
