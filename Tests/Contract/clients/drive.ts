// Drives the client that openapi-generator made for TypeScript: drive.js BASE
import {
    Configuration, JournalApi, MarkKind, MeApi, ProblemFromJSON, ResponseError, SignInApi, TokenProblemFromJSON,
} from './client';

declare const process: { argv: string[]; exitCode: number };

async function main(basePath: string): Promise<string> {
    const done: string[] = [];
    const anybody = new SignInApi(new Configuration({ basePath }));
    const person = { grantType: 'password', school: 'lyceum29', username: 'teacher' } as const;
    const wrong = TokenProblemFromJSON(await refusal(() => anybody.issueToken({ ...person, password: 'wrong' })));
    check(wrong.error === 'invalid_grant', wrong);
    const tokens = await anybody.issueToken({ ...person, password: 'lyceum-demo' });
    const configuration = new Configuration({ basePath, accessToken: tokens.accessToken });
    done.push('sign-in');

    const sectionId = (await new MeApi(configuration).getMe()).sections[0].id;
    const api = new JournalApi(configuration);
    const journal = await api.getSectionJournal({ sectionId });
    const mark = journal.marks.find((mark) => mark.value?.kind === MarkKind.Number && mark.value.number !== 3)!;
    check(mark.value?.number !== undefined, mark);
    done.push(`journal with ${journal.marks.length} marks`);

    const value = { kind: MarkKind.Number, number: 3 };
    const marks = [{ lineItemId: mark.lineItemId, studentId: mark.studentId, value, version: 0 }];
    const problem = ProblemFromJSON(
        await refusal(() => api.patchSectionJournal({ sectionId, journalPatch: { marks } })));
    check(problem.code === 'stale_version', problem);
    check(problem.errors![0].current!.value!.number === mark.value!.number, problem);
    done.push('PATCH refused as stale_version');
    return done.join(', ');
}

async function refusal(call: () => Promise<unknown>): Promise<unknown> {
    try {
        await call();
    } catch (error) {
        if (error instanceof ResponseError) { return error.response.json(); }
        throw error;
    }
    throw new Error('nothing was refused');
}

function check(holds: boolean, found: unknown): void {
    if (!holds) { throw new Error(JSON.stringify(found)); }
}

main(process.argv[2]).then(console.log, (error) => {
    console.error(error);
    process.exitCode = 1;
});
