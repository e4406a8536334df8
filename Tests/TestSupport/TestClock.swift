/// Lets tests choose the school's day. Without it `lyceum.today()` reads the clock of the machine.
package enum TestClock {
    /// Run by the owner of a migrated database. The setting `lyceum.today` is the day where it is set.
    package static let function = """
        CREATE OR REPLACE FUNCTION lyceum.today() RETURNS date
            LANGUAGE sql STABLE PARALLEL SAFE
            RETURN coalesce(
                nullif(current_setting('lyceum.today', true), '')::date,
                (now() AT TIME ZONE coalesce(nullif(current_setting('lyceum.time_zone', true), ''), 'UTC'))::date
            )
        """
}
