import Testing

@testable import DiaryDemo

/// Women's surnames of the demo school.
@Suite struct DemoNamesTests {
    @Test(arguments: [
        ("Королёв", "Королёва"), ("Андреев", "Андреева"), ("Смирнов", "Смирнова"), ("Калинин", "Калинина"),
        ("Синицын", "Синицына"), ("Покровский", "Покровская"), ("Высоцкий", "Высоцкая"), ("Полевской", "Полевская"),
        ("Толстой", "Толстая"), ("Яровой", "Яровая"), ("Черных", "Черных"), ("Долгих", "Долгих"),
    ])
    func formFollowsTheEnding(_ man: String, _ woman: String) {
        #expect(Demo.Names.feminine(man) == woman)
    }

    @Test func everySurnameHasAWomansForm() {
        for man in Demo.Names.surnames {
            let woman = Demo.Names.feminine(man)
            let isInvariable = man.hasSuffix("ых") || man.hasSuffix("их")
            #expect(isInvariable ? woman == man : woman != man, "\(man)")
            #expect(isInvariable || woman.hasSuffix("ва") || woman.hasSuffix("на") || woman.hasSuffix("ая"), "\(woman)")
        }
    }

    @Test func everyPatronymicHasTwoForms() {
        for father in 0..<Demo.Names.men {
            let (son, daughter) = (Demo.Names.middle(father, .male), Demo.Names.middle(father, .female))
            #expect(son.hasSuffix("вич") || son.hasSuffix("ич"), "\(son)")
            #expect(daughter.hasSuffix("вна") || daughter.hasSuffix("чна"), "\(daughter)")
        }
    }
}
