/// Lets tests choose the school's day and hour. Without it `lyceum.today()` and `lyceum.time_now()` read the clock of the
/// machine.
package enum TestClock {
    /// Run by the owner of a migrated database. The setting `lyceum.today` is the day where it is set;
    /// the setting `lyceum.time_now` is the hour, by default noon.
    package static let function = """
        CREATE OR REPLACE FUNCTION lyceum.today() RETURNS date
            LANGUAGE sql STABLE PARALLEL SAFE
            RETURN coalesce(
                nullif(current_setting('lyceum.today', true), '')::date,
                (now() AT TIME ZONE coalesce(nullif(current_setting('lyceum.time_zone', true), ''), 'UTC'))::date
            );
        CREATE OR REPLACE FUNCTION lyceum.time_now() RETURNS time
            LANGUAGE sql STABLE PARALLEL SAFE
            RETURN coalesce(nullif(current_setting('lyceum.time_now', true), '')::time, '12:00')
        """
}
